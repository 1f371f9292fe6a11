import type { z } from "zod";
import { variableNamed } from "../catalog/variables";
import { UserError } from "../cluster/userError";
import { closest } from "./closest";

/** One thing wrong with a stack's configuration. */
export interface ConfigIssue {
  /** The key of the stack file, or whatever else the value came by. */
  readonly key: string;
  /** What is wrong with its value, and what is expected. */
  readonly message: string;
  /** Where the key is, as file:line:column. Default: not known. */
  readonly at?: string;
}

/** The longest key or value that an error repeats; characters. */
const longestShown = 80;

/** Refuses the configuration of a stack, with all that is wrong with it at once. */
export function refuse(stack: string, issues: readonly ConfigIssue[]): never {
  return refuseSubject(`the configuration of stack ${stack}`, issues);
}

/** The same for another subject of the error's first line, such as a stack file. */
export function refuseSubject(subject: string, issues: readonly ConfigIssue[]): never {
  // Two bounds that say the same may find the same issue.
  const lines = [...new Set(issues.map(({ at, key, message }) => `  ${at ? `${at}: ` : ""}${key}: ${message}`))];
  const count = lines.length === 1 ? "1 issue" : `${lines.length} issues`;
  const keys = issues.flatMap(({ key }) => /^datasets-server:(\w+)/.exec(key)?.[1] ?? []);
  const places = [...new Set(keys)].map((key) => `#${key}`).join(", ");
  throw new UserError(
    [`${subject} has ${count}; no changes were made:`, ...lines].join("\n"),
    `correct them; every key and what it may be: docs/configuration.md${places}`,
  );
}

/** Says that a value is none of those that a key may have. */
export function unexpected(value: unknown, expected: string): string {
  return `got ${describeValue(value)}; expected ${expected}`;
}

/** The issue of a key that is not there. */
export function missing(path: readonly string[], expected: string): ConfigIssue {
  return { key: configKey(path), message: `missing; expected ${expected}` };
}

/** Keys that stack files had before, and what has taken their place. */
const renamed: ReadonlyMap<string, string> = new Map([
  ["announceHost", "it is called externalDns now"],
  ["settings", "it is env now, with the application's own names of variables"],
  ["logLevel", "it is LOG_LEVEL in env now"],
]);

/** The issues that a schema found in the values of a stack file; a secret's value is not repeated. */
export function schemaIssues(
  issues: readonly z.core.$ZodIssue[],
  values: Readonly<Record<string, unknown>>,
  isSecret: (key: string) => boolean,
): ConfigIssue[] {
  return issues.flatMap((issue) => {
    const path = issue.path.map(String);
    if (issue.code === "unrecognized_keys") {
      const explain = path.at(-1) === "env" ? variableIssue : unknownKey;
      return issue.keys.map((key) => ({
        key: configKey([...path, key]),
        message: explain(key, issue.message.split(", ")),
      }));
    }
    const value = path.reduce<unknown>(child, values);
    if (value === undefined) {
      return [missing(path, issue.message)];
    }
    if (isSecret(path[0] ?? "")) {
      return [{ key: configKey(path), message: `got [redacted]; expected ${issue.message}` }];
    }
    const words = issue.code === "invalid_value" ? issue.values.map(String) : [];
    const suggestion = typeof value === "string" ? suggest(value, words) : "";
    return [{ key: configKey(path), message: `${unexpected(value, issue.message)}${suggestion && `; ${suggestion}`}` }];
  });
}

/** Says what may have been meant by an unknown key, of those that a schema lists in its message. */
function unknownKey(key: string, known: readonly string[]): string {
  const suggestion = renamed.get(key) ?? suggest(key, known);
  return `unknown key; ${suggestion || `expected one of ${known.join(", ")}`}`;
}

/** What is wrong with a name that a stack file may not set where it does. */
function variableIssue(name: string, settableHere: readonly string[]): string {
  const definition = variableNamed(name);
  if (definition === undefined) {
    return `unknown variable; ${suggest(name, settableHere) || "every one is in docs/configuration.md"}`;
  }
  if ("secret" in definition) {
    return `a secret; set it with: ds pulumi STACK -- config set --secret ${configKey([definition.secret])}`;
  }
  if ("derivedFrom" in definition) {
    return `derived from ${definition.derivedFrom}; leave it out`;
  }
  return "must be the same for all workloads; set it in datasets-server:env";
}

/** Asks whether the closest word was meant; empty when none is close. */
export function suggest(typed: string, words: readonly string[]): string {
  const word = closest(typed, words);
  return word === undefined ? "" : `did you mean ${word}?`;
}

/** The name of a key as the engine and the stack file write it; one that is no word is in quotes. */
export function configKey(path: readonly string[]): string {
  const names = path.map((name) => (/^[\w-]{1,80}$/.test(name) ? name : describeValue(name)));
  return `datasets-server:${names.join(".")}`;
}

/** A key of another program's, as it is written. */
export function foreignKey(key: string): string {
  return /^[\w:.-]{1,80}$/.test(key) ? key : describeValue(key);
}

function shorten(text: string): string {
  return text.length > longestShown ? `${text.slice(0, longestShown)}…` : text;
}

/** A value as JSON, of which no character does anything to a terminal. */
export function describeValue(value: unknown): string {
  const text = typeof value === "string" ? JSON.stringify(shorten(value)) : shorten(JSON.stringify(value));
  return text.replaceAll(/\p{C}/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}

function child(parent: unknown, key: string): unknown {
  return typeof parent === "object" && parent !== null ? new Map(Object.entries(parent)).get(key) : undefined;
}
