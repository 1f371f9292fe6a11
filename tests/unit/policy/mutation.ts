import * as assert from "node:assert/strict";
import type { StackFacts } from "../../../policy/inventory";
import type { Stack } from "./stacks";

/** One change of a stack's real objects. */
export type Change =
  /** Sets a field, or removes it where `to` is left out; an index one past a list's end adds to it. */
  | { readonly object: string; readonly at: readonly (string | number)[]; readonly to?: unknown }
  | { readonly remove: string }
  | { readonly add: Readonly<Record<string, unknown>> };

/** Changes that one rule must find, and the text it must find them with. */
export interface Mutation {
  readonly title: string;
  readonly changes: readonly Change[];
  /** With <hash> in the place of content hashes. */
  readonly violations: readonly string[];
  /** Default: local, where every kind of object is. */
  readonly stack?: Stack;
  readonly facts?: Partial<StackFacts>;
}

/**
 * The objects after some changes; those given stay as they are.
 *
 * Objects are named by kind and the name without the release's prefix and content hash, such as "Deployment api".
 */
export function mutate(objects: readonly unknown[], release: string, changes: readonly Change[]): unknown[] {
  return changes.reduce((current: unknown[], change) => apply(current, release, change), structuredClone([...objects]));
}

/** Takes content hashes out of a text. */
export function withoutHashes(text: string): string {
  return text.replace(/-[0-9a-f]{10}\b/g, "-<hash>");
}

/** A type guard for what has fields. */
function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function apply(objects: unknown[], release: string, change: Change): unknown[] {
  if ("add" in change) {
    return [...objects, change.add];
  }
  const name = "remove" in change ? change.remove : change.object;
  const found = objects.filter((object) => isNamed(object, release, name));
  assert.equal(found.length, 1, `${found.length} objects are called ${name}`);
  if ("remove" in change) {
    return objects.filter((object) => !found.includes(object));
  }
  set(found[0], change.at, change.to);
  return objects;
}

function isNamed(object: unknown, release: string, wanted: string): boolean {
  assert.ok(isRecord(object) && isRecord(object.metadata));
  const name = withoutHashes(String(object.metadata.name)).replace(`${release}-`, "").replace("-<hash>", "");
  return `${object.kind} ${name}` === wanted;
}

function set(root: unknown, at: readonly (string | number)[], to: unknown): void {
  const parent = at.slice(0, -1).reduce((value, key) => (isRecord(value) ? value[key] : undefined), root);
  const last = at.at(-1) ?? "";
  assert.ok(isRecord(parent), `there is nothing at ${at.slice(0, -1).join(".")}`);
  if (Array.isArray(parent)) {
    parent.splice(Number(last), 1, ...(to === undefined ? [] : [to]));
  } else if (to === undefined) {
    delete parent[last];
  } else {
    parent[last] = to;
  }
}
