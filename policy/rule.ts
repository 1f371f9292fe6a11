import { type Inventory, objectId } from "./inventory";
import type { KubernetesObject } from "./shapes";

/** One thing wrong with one object. */
export interface Finding {
  /** Such as Deployment datasets-server-prod-api. */
  readonly object: string;
  /** Where in the object, such as spec.replicas. */
  readonly path: string;
  /** What is there. */
  readonly value: string;
  /** What to do about it. */
  readonly cure: string;
}

/** Whether a finding ends the run (mandatory), or is only shown (advisory). */
export type Level = "mandatory" | "advisory";

/** A check over all objects of a stack. */
export interface Rule {
  readonly level: Level;
  /** What goes wrong without it, in one sentence. */
  readonly why: string;
  /** @param earlier what the rules before this one found. */
  readonly check: (inventory: Inventory, earlier: readonly NamedFinding[]) => Finding[];
}

/** A finding, and the name of the rule that made it. */
export interface NamedFinding extends Finding {
  readonly rule: string;
}

/** A finding about an object; a value that is no text is shown as JSON. */
export function finding(object: KubernetesObject, path: string, value: unknown, cure: string): Finding {
  const shown = typeof value === "string" && value.trim() !== "" ? value : JSON.stringify(value);
  return { object: objectId(object), path, value: shown, cure };
}

/** The items that occur again after their first time, as told by a key. */
export function repeated<Item>(items: readonly Item[], key: (item: Item) => string): Item[] {
  const keys = items.map(key);
  return items.filter((_, index) => keys.indexOf(keys[index] ?? "") < index);
}
