import { readFileSync } from "node:fs";
import * as path from "node:path";
import { projectName } from "./accounts";
import { type ConfigIssue, configKey, describeValue, foreignKey } from "./issues";
import type { ConfigValues } from "./parse";
import { isEncryptedKey } from "./schema";
import { readYaml, type YamlIssue } from "./yaml";

/** A stack file as Pulumi reads it. */
export interface StackFileContent {
  /** Its part below `config:`, as Pulumi hands it to a program. */
  readonly config: ConfigValues;
  /** All of it; undefined where it cannot be read. */
  readonly value: unknown;
}

/** Reads a stack file. What is wrong with the file itself is among the issues of its configuration. */
export function readStackFile(file: string): StackFileContent {
  const name = path.basename(file);
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    const cause = error instanceof Error && "code" in error ? String(error.code) : "unknown";
    const message = `cannot be read (${cause}); expected a stack file, such as a copy of another stack's, see docs/configuration.md`;
    return unreadable([{ key: name, message }]);
  }
  return parseStackFile(bytes, name);
}

/** The same for what such a file holds. */
export function parseStackFile(bytes: Uint8Array, name: string): StackFileContent {
  const { value, issues, places } = readYaml(bytes);
  const found = issues.map((issue) => fileIssue(issue, name));
  const config = member(value, "config");
  if (typeof config !== "object" || config === null || Array.isArray(config)) {
    const message = "has no map config: at its top; expected one with the keys that docs/configuration.md names";
    return unreadable(found.length > 0 ? found : [{ key: name, message }]);
  }
  const entries = Object.entries(config).map(([key, inner]): [string, unknown] => [fullKey(key), inner]);
  const names = entries.map(([key]) => key);
  const twice = names.filter((key, index) => names.indexOf(key) < index);
  return {
    value,
    config: {
      texts: Object.fromEntries(
        entries.filter(([, inner]) => !isEncrypted(inner)).map(([key, inner]) => [key, textOf(inner)]),
      ),
      encrypted: entries.filter(([, inner]) => isEncrypted(inner)).map(([key]) => key),
      issues: [...found, ...twice.map((key) => ({ key: shownKey(key), message: `is in ${name} twice; remove one` }))],
      places: new Map(
        places.flatMap(({ path: [top, key, ...inner], line, column }) =>
          top === "config" && key !== undefined
            ? [[shownKey(fullKey(key), inner), `${name}:${line}:${column}`] as const]
            : [],
        ),
      ),
    },
  };
}

function unreadable(issues: readonly ConfigIssue[]): StackFileContent {
  return { value: undefined, config: { texts: {}, encrypted: [], issues } };
}

/** Pulumi takes a key without a colon for one of the project's, and `project:config:key` for the same. */
function fullKey(key: string): string {
  return key.includes(":") ? key.replace(/^([^:]*):config:([^:]*)$/, "$1:$2") : `${projectName}:${key}`;
}

/** A value as Pulumi hands it to a program: text, and anything else as JSON. */
function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Whether Pulumi keeps a value encrypted, or anything within it. */
function isEncrypted(value: unknown): boolean {
  if (typeof value !== "object" || value === null) {
    return false;
  }
  const [[key, inner] = [], ...others] = Object.entries(value);
  const isCiphertext = key === "secure" && typeof inner === "string" && others.length === 0;
  return isCiphertext || Object.values(value).some(isEncrypted);
}

/** An issue of the file's text, by the key of the configuration that it is about. */
function fileIssue(issue: YamlIssue, name: string): ConfigIssue {
  const {
    path: [top = "", key, ...inner],
    line,
    column,
    problem,
    instead,
  } = issue;
  const at = `${name}:${line}:${column}`;
  if (top !== "config" || key === undefined) {
    const message = `${problem}; ${instead}`;
    return top === "" ? { key: at, message } : { at, key: describeValue(top), message };
  }
  const own = ownName(fullKey(key));
  const isSecret = own !== undefined && isEncryptedKey(own);
  return {
    at,
    // What is within a secret may be a part of it.
    key: shownKey(fullKey(key), isSecret ? [] : inner),
    message: `${problem}; ${isSecret ? "encrypt it with: ds pulumi STACK -- config set --secret KEY" : instead}`,
  };
}

function shownKey(key: string, inner: readonly string[] = []): string {
  const own = ownName(key);
  return own === undefined ? foreignKey(key) : configKey([own, ...inner]);
}

/** The name of one of the program's own keys; undefined for another program's. */
function ownName(key: string): string | undefined {
  const prefix = `${projectName}:`;
  return key.startsWith(prefix) ? key.slice(prefix.length) : undefined;
}

function member(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? new Map(Object.entries(value)).get(key) : undefined;
}
