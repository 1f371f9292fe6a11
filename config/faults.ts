import type { z } from "zod";
import { Refusal } from "../components/refusal";

/** One thing wrong with a stack's configuration: which key, what it says, and what would be right. */
export interface Fault {
  readonly key: string;
  readonly problem: string;
}

/** The longest value that an error repeats; characters. */
const longestValue = 80;

/** Refuses a configuration, with all that is wrong with it at once. */
export function refuse(stack: string, faults: readonly Fault[]): never {
  const count = faults.length === 1 ? "1 fault" : `${faults.length} faults`;
  const lines = faults.map(({ key, problem }) => `  ${key}: ${problem}`);
  throw new Refusal(
    [
      `the configuration of stack ${stack} has ${count}, and nothing was touched:`,
      ...lines,
      "Every key and what it may be: docs/configuration.md",
    ].join("\n"),
  );
}

/** The faults that a schema found in the values of a stack file; a secret's value is not repeated. */
export function schemaFaults(
  error: z.ZodError,
  values: Readonly<Record<string, unknown>>,
  isSecret: (key: string) => boolean,
): Fault[] {
  return error.issues.flatMap((issue) => {
    const path = issue.path.map(String);
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((key) => ({
        key: configKey([...path, key]),
        problem: `is not a key; allowed: ${issue.message}`,
      }));
    }
    const value = path.reduce<unknown>(child, values);
    if (value === undefined) {
      return [{ key: configKey(path), problem: `is missing; needed: ${issue.message}` }];
    }
    const shown = isSecret(path[0] ?? "") ? "its value" : describeValue(value);
    return [{ key: configKey(path), problem: `${shown} is not allowed; allowed: ${issue.message}` }];
  });
}

/** The name of a key as the engine and the stack file write it. */
export function configKey(path: readonly string[]): string {
  return `datasets-server:${path.join(".")}`;
}

function child(parent: unknown, key: string): unknown {
  return typeof parent === "object" && parent !== null ? new Map(Object.entries(parent)).get(key) : undefined;
}

function describeValue(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > longestValue ? `${text.slice(0, longestValue)}…` : text;
}
