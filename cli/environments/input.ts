import { UserError } from "../../cluster/userError";
import { lifetime } from "../../config/fields";
import type { ConfigIssue } from "../../config/issues";
import { type ParameterName, type Parameters, parameterIssues, valueIssues } from "../../config/pullRequest";
import { identifyStack, type StackIdentity } from "../../config/stacks";

/** Where environments are: `ephemeral` is hub-ephemeral, `local` the cluster of `ds up`. Each has a stack file. */
export const targets = ["ephemeral", "local"] as const;

export type Target = (typeof targets)[number];

/** What somebody typed, or a workflow handed over; nothing of it has been checked. */
export interface RawInput {
  readonly pr?: string;
  readonly imageTag?: string;
  readonly title?: string;
  readonly author?: string;
  readonly headSha?: string;
  readonly ttl?: string;
  readonly open?: string;
}

/** A pull request's stack. */
export type EnvironmentIdentity = StackIdentity & { readonly number: number };

export interface UpRequest {
  readonly identity: EnvironmentIdentity;
  readonly parameters: Omit<Parameters, "expires"> & { readonly imageTag: string };
  /** How long the environment stays from now on, such as 7d. Default: what the stack file says. */
  readonly lifetime?: string;
}

/** What the values are called where they are typed. */
const keys: Readonly<Record<Exclude<ParameterName, "expires">, string>> = {
  imageTag: "--image",
  title: "--title",
  author: "--author",
  headSha: "--head-sha",
};

const numbers = "a number from 1 to 999999";

/** The stack of a pull request by the number as somebody wrote it; undefined for what is no number of one. */
export function environmentIdentity(written: string): EnvironmentIdentity | undefined {
  const identity = identifyStack(`pr-${written}`);
  return identity?.number === undefined ? undefined : { ...identity, number: identity.number };
}

/** Throws a UserError that names every issue of what `ds pr up` was told. */
export function readUpRequest(raw: RawInput): UpRequest {
  const { pr = "", ttl, imageTag = "" } = raw;
  const optional = Object.entries({ title: raw.title, author: raw.author, headSha: raw.headSha });
  const parameters = { ...Object.fromEntries(optional.filter(([, value]) => value)), imageTag };
  const identity = environmentIdentity(pr);
  const issues = [
    ...numberIssues("N", pr),
    ...parameterIssues(parameters, keys),
    ...(ttl ? valueIssues("--ttl", ttl, lifetime) : []),
  ];
  if (identity === undefined || issues.length > 0) {
    return refuse(issues);
  }
  return { identity, parameters, ...(ttl && { lifetime: ttl }) };
}

/** Throws a UserError when this is no number of a pull request. */
export function readNumber({ pr = "" }: RawInput): EnvironmentIdentity {
  return environmentIdentity(pr) ?? refuse(numberIssues("N", pr));
}

/**
 * The numbers of the open pull requests; undefined when nobody said which they are. Only `none` means that none is: a list
 * that is empty is one that somebody failed to get, and every environment would go.
 *
 * Throws a UserError that names each that is no number.
 */
export function readOpen({ open }: RawInput): ReadonlySet<number> | undefined {
  if (open === undefined || open === "none") {
    return open === undefined ? undefined : new Set();
  }
  const words = open.split(/[\s,]+/).filter((word) => word !== "");
  const issues =
    words.length > 0
      ? words.flatMap((word) => numberIssues("--open", word))
      : [{ key: "--open", message: `got ${JSON.stringify(open)}; expected numbers, or none` }];
  return issues.length > 0 ? refuse(issues) : new Set(words.map(Number));
}

/** The issue of a value that is no number of a pull request. */
export function numberIssues(key: string, written: string): ConfigIssue[] {
  const message = `got ${JSON.stringify(written)}; expected ${numbers}`;
  return environmentIdentity(written) ? [] : [{ key, message }];
}

function refuse(issues: readonly ConfigIssue[]): never {
  const count = issues.length === 1 ? "1 value is" : `${issues.length} values are`;
  const lines = issues.map(({ key, message }) => `  ${key}: ${message}`);
  throw new UserError([`${count} not allowed; no changes were made:`, ...lines].join("\n"));
}
