import type { Inventory } from "./inventory";
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
  readonly fix: string;
}

/** Whether a finding ends the run (mandatory), or is only shown (advisory). */
export type Level = "mandatory" | "advisory";

/** A check over all objects of a stack. */
export interface Rule {
  readonly level: Level;
  /** What goes wrong without it, in one sentence. */
  readonly why: string;
  /** @param earlier the findings of the rules before this one. */
  readonly check: (inventory: Inventory, expect: Expect, earlier: readonly NamedFinding[]) => void;
}

export type Rules = Readonly<Record<string, Rule>>;

/** Records a finding about an object unless the condition holds; a value that is no text is shown as JSON. */
export type Expect = (condition: boolean, object: KubernetesObject, path: string, value: unknown, fix: string) => void;

/** A finding, and the name of the rule that made it. */
export interface NamedFinding extends Finding {
  readonly rule: string;
}

/** Returns the items in a line, and a word where there is none. */
export function listed(items: readonly (string | number | undefined)[]): string {
  return items.filter((item) => item !== undefined).join(", ") || "none";
}

/** Returns each item that has the key of one before it, and that one. */
export function repeated<Item>(
  items: readonly Item[],
  key: (item: Item) => string | number | undefined,
): { readonly item: Item; readonly before: Item }[] {
  return items.flatMap((item, index) => {
    const before = items.slice(0, index).find((other) => key(other) === key(item));
    return before === undefined ? [] : [{ item, before }];
  });
}
