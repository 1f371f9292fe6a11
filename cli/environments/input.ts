import { z } from "zod";
import { UserError } from "../../cluster/userError";
import { lifetime } from "../../config/fields";
import type { ConfigIssue } from "../../config/issues";
import {
  givenParameters,
  type ParameterName,
  type Parameters,
  parameterIssues,
  valueIssues,
} from "../../config/pullRequest";
import { identifyStack, type StackIdentity } from "../../config/stacks";

/** Where environments are: on hub-ephemeral, or on the local cluster of `ds up`. Each is also the name of a stack file. */
export type Target = "ephemeral" | "local";

/** What `ds pr up` takes, as it was typed or as a workflow passes it: unchecked. An empty value counts as none. */
export interface UpInput {
  readonly pr: string;
  readonly imageTag: string;
  readonly title?: string;
  readonly author?: string;
  readonly headSha?: string;
  readonly ttl?: string;
}

/** A pull request's stack. */
export type EnvironmentIdentity = StackIdentity & { readonly number: number };

export interface UpRequest {
  readonly identity: EnvironmentIdentity;
  readonly parameters: Pick<Parameters, GivenName> & { readonly imageTag: string };
  /** How long the environment stays from now on, such as 7d. Default: what the stack file specifies. */
  readonly lifetime?: string;
}

/** What of a pull request is given; the rest is for `ds pr up` to decide. */
type GivenName = Exclude<ParameterName, "expires" | "firstOrder" | "loadBalancer">;

/** What the values are called where they are typed. */
const keys: Readonly<Record<GivenName, string>> = {
  imageTag: "--image",
  title: "--title",
  author: "--author",
  headSha: "--head-sha",
};

const pullRequestNumber = z.string().refine((text) => environmentIdentity(text), "a number from 1 to 999999");

/** Returns the stack of a pull request by its number; undefined for a text that is no such number. */
export function environmentIdentity(text: string): EnvironmentIdentity | undefined {
  const identity = identifyStack(`pr-${text}`);
  return identity?.number === undefined ? undefined : { ...identity, number: identity.number };
}

/**
 * Reads the values of `ds pr up`.
 *
 * @throws a UserError that names every issue.
 */
export function readUpRequest({ pr, imageTag, ttl, title, author, headSha }: UpInput): UpRequest {
  const parameters = { ...givenParameters({ title, author, headSha }), imageTag };
  const identity = environmentIdentity(pr);
  const issues = [
    ...numberIssues("N", pr),
    ...parameterIssues(parameters, keys),
    ...(ttl ? valueIssues("--ttl", ttl, lifetime) : []),
  ];
  if (identity === undefined || issues.length > 0) throw valuesError(issues);
  return { identity, parameters, ...(ttl && { lifetime: ttl }) };
}

/**
 * Reads the number of a pull request.
 *
 * @throws a UserError when it is none.
 */
export function readNumber(pr: string): EnvironmentIdentity {
  const identity = environmentIdentity(pr);
  if (identity === undefined) throw valuesError(numberIssues("N", pr));
  return identity;
}

/**
 * Reads the numbers of the open pull requests; undefined when they are not given. Only `none` means that none is open: an
 * empty list is one that could not be fetched, and every environment would go.
 *
 * @throws a UserError that names each that is no number.
 */
export function readOpen(open: string | undefined): ReadonlySet<number> | undefined {
  if (open === undefined) return undefined;
  if (open === "none") return new Set();
  const words = open.split(/[\s,]+/).filter((word) => word !== "");
  const issues =
    words.length > 0
      ? words.flatMap((word) => numberIssues("--open", word))
      : valueIssues("--open", open, z.never("numbers, or none"));
  if (issues.length > 0) throw valuesError(issues);
  return new Set(words.map(Number));
}

/** Returns the issue of a value that is no number of a pull request. */
export function numberIssues(key: string, text: string): ConfigIssue[] {
  return valueIssues(key, text, pullRequestNumber);
}

function valuesError(issues: readonly ConfigIssue[]): UserError {
  const count = issues.length === 1 ? "1 value is" : `${issues.length} values are`;
  const lines = issues.map(({ key, message }) => `  ${key}: ${message}`);
  return new UserError(
    [`${count} not allowed; no changes were made:`, ...lines].join("\n"),
    "correct them; --help shows an example",
  );
}
