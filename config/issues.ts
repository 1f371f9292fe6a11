import type { z } from "zod";
import { UserError } from "../cluster/userError";

/** One thing wrong with a stack's configuration: which key, what it says, and what would be right. */
export interface ConfigIssue {
  readonly key: string;
  readonly message: string;
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
  const lines = [...new Set(issues.map(({ key, message }) => `  ${key}: ${message}`))];
  const count = lines.length === 1 ? "1 issue" : `${lines.length} issues`;
  throw new UserError(
    [`${subject} has ${count}; no changes were made:`, ...lines].join("\n"),
    "correct them; every key and what it may be: docs/configuration.md",
  );
}

/** The issues that a schema found in the values of a stack file; a secret's value is not repeated. */
export function schemaIssues(
  issues: readonly z.core.$ZodIssue[],
  values: Readonly<Record<string, unknown>>,
  isSecret: (key: string) => boolean,
): ConfigIssue[] {
  return issues.flatMap((issue) => {
    const path = issue.path.map(String);
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((key) => ({
        key: configKey([...path, key]),
        message: `is not a key; allowed: ${issue.message}`,
      }));
    }
    const value = path.reduce<unknown>(child, values);
    if (value === undefined) {
      return [{ key: configKey(path), message: `is missing; needed: ${issue.message}` }];
    }
    const shown = isSecret(path[0] ?? "") ? "its value" : describeValue(value);
    return [{ key: configKey(path), message: `${shown} is not allowed; allowed: ${issue.message}` }];
  });
}

/** The name of a key as the engine and the stack file write it; one that is no word is in quotes. */
export function configKey(path: readonly string[]): string {
  const names = path.map((name) => (/^[\w-]{1,80}$/.test(name) ? name : describeValue(name)));
  return `datasets-server:${names.join(".")}`;
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
