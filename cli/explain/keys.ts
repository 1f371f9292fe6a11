import { documentedKeys, type Key, typeText } from "../../config/document";
import { child } from "../../config/issues";
import { documentation, type Page, unmarked, valueHead, valueRow } from "./page";
import { type ExplainedStack, valueAt, valueText } from "./stacks";

/** Explains a key of a stack file; undefined where there is none of that path. */
export function keyPage(path: readonly string[], stacks: readonly ExplainedStack[]): Page | undefined {
  const keys = keysAt(path, stacks);
  const key = keys.find((key) => key.path.split(".").length === path.length);
  const leaves = leavesOf(stacks, path);
  if (keys.length === 0) return undefined;
  return key === undefined || leaves.length > 0 ? mapPage(path, key, leaves, stacks) : singlePage(path, key, stacks);
}

/** A map of keys: the values of all within it. */
function mapPage(
  path: readonly string[],
  key: Key | undefined,
  leaves: readonly (readonly string[])[],
  stacks: readonly ExplainedStack[],
): Page {
  const [first] = leaves;
  return {
    name: path.join("."),
    does: key?.schema.description ?? "",
    facts: { documentation: documentation(key?.path ?? path[0] ?? "") },
    head: ["key", ...stacks.map(({ title }) => title)],
    rows: leaves.map((leaf) => ({
      cells: [leaf.slice(path.length).join("."), ...stacks.map((stack) => valueText(valueAt(stack, leaf)))],
    })),
    ...(first && { next: `Where a value is set, and what a change of it restarts: ds explain ${first.join(".")}` }),
  };
}

function singlePage(
  path: readonly string[],
  { path: documented, schema, isNeeded }: Key,
  stacks: readonly ExplainedStack[],
): Page {
  const unset = isNeeded ? "none; needed" : "none";
  return {
    name: path.join("."),
    does: schema.description ?? "",
    facts: {
      "what it may be": unmarked(typeText(schema)),
      default: schema.default === undefined ? unset : valueText(schema.default),
      documentation: documentation(documented),
    },
    head: valueHead,
    rows: stacks.map((stack) => valueRow(stack.title, stack, path, schema.enum ?? [])),
  };
}

/** Lists the paths of all keys: those that the documentation has, and those that a stack has. */
export function knownPaths(stacks: readonly ExplainedStack[]): string[] {
  const documented = documentedKeys().flatMap(({ path }) => (path.includes("<name>") ? [] : [path]));
  const there = leavesOf(stacks, []).flatMap((leaf) => leaf.map((_, index) => leaf.slice(0, index + 1).join(".")));
  return [...new Set([...documented, ...there])];
}

/** The documented keys that a path names, and those within it; `<name>` is any name that some stack has. */
function keysAt(path: readonly string[], stacks: readonly ExplainedStack[]): Key[] {
  return documentedKeys().filter((key) => {
    const names = key.path.split(".");
    return path.every((word, index) => {
      const isThere = () => stacks.some((stack) => valueAt(stack, path.slice(0, index + 1)) !== undefined);
      return names[index] === word || (names[index] === "<name>" && isThere());
    });
  });
}

/** The paths of the values within a map, in all stacks; empty for a single value. */
function leavesOf(stacks: readonly ExplainedStack[], path: readonly string[]): string[][] {
  const all = stacks.flatMap((stack) => leavesWithin(valueAt(stack, path), path));
  const unique = new Map(all.filter((leaf) => leaf.length > path.length).map((leaf) => [leaf.join("."), leaf]));
  return [...unique.values()];
}

function leavesWithin(value: unknown, path: readonly string[]): string[][] {
  if (value === undefined) return [];
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [[...path]];
  return Object.keys(value).flatMap((key) => leavesWithin(child(value, key), [...path, key]));
}
