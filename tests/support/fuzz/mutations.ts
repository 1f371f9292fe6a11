import fc from "fast-check";
import { z } from "zod";
import { placeholders, stackFileSchema } from "../../../config/schema";
import { type Base, bases, plantedSecret } from "./bases";
import { odd, oddKey, one, plausible, type Schema } from "./values";

/** Where something is: under `config`, as the stack file has it, or under `environment`. */
export type Place = readonly string[];

/** One field given another value, or taken away where there is none. */
export interface Change {
  readonly at: Place;
  readonly to?: unknown;
}

/** A stack's configuration without issues, and what is changed of it. */
export interface Mutation {
  readonly base: Base;
  readonly changes: readonly Change[];
}

/** A field that a base has or may have. */
interface Site {
  readonly at: Place;
  readonly schema: Schema;
  readonly value: unknown;
}

const fileSchema: Schema = z.toJSONSchema(stackFileSchema, { io: "input" });

/** One to three edits of a base: some only choose other sizes, others are mistakes. */
export function mutations(of: readonly Base[] = bases): fc.Arbitrary<Mutation> {
  return fc.oneof(
    ...of.map((base) => {
      const edits = fc.array(edit(base), { minLength: 1, maxLength: 2 });
      return edits.map((list): Mutation => ({ base, changes: list.flat() }));
    }),
  );
}

/** The configuration that a mutation makes of its base. */
export function mutated({ base, changes }: Mutation): Pick<Base, "config" | "environment"> {
  const { config, environment } = base;
  const result = changes.reduce<unknown>((tree, { at, ...change }) => put(tree, at, change), { config, environment });
  return { config: map(child(result, "config")), environment: map(child(result, "environment")) };
}

/** The changes as people read them: each path, and its value. */
export function changesText(changes: readonly Change[]): string {
  return changes
    .map(({ at: [root, ...inner], ...change }) => {
      const key = root === "config" ? `datasets-server:${inner.join(".")}` : inner.join(".");
      const text = "to" in change ? `= ${JSON.stringify(change.to)}` : "removed";
      return `  ${JSON.stringify(key).slice(1, -1)} ${text.length > 200 ? `${text.slice(0, 200)}…` : text}`;
    })
    .join("\n");
}

function edit(base: Base): fc.Arbitrary<readonly Change[]> {
  const all = [...sites(["config"], fileSchema, base.config), ...variableSites(base)];
  const present = all.filter(({ value }) => value !== undefined);
  const lists = present.filter(({ value }) => Array.isArray(value) && value.length > 0);
  const pools = Object.entries(map(base.config.workers));
  const secrets = Object.keys(placeholders).filter((key) => key in base.config);
  const site = fc.constantFrom(...all);
  const there = fc.constantFrom(...present);
  return fc.oneof(
    { weight: 8, arbitrary: site.chain(({ at, schema }) => plausible(schema).map((to) => [{ at, to }])) },
    { weight: 4, arbitrary: fc.tuple(site, odd).map(([{ at }, to]) => [{ at, to }]) },
    { weight: 2, arbitrary: fc.tuple(site, there).map(([{ at }, { value: to }]) => [{ at, to }]) },
    { weight: 2, arbitrary: there.map(({ at }) => [{ at }]) },
    { weight: 2, arbitrary: there.chain((chosen) => swaps(chosen, present)) },
    {
      weight: 1,
      arbitrary: there.chain(({ at, value }) => misspelling(at).map((to) => [{ at }, { at: to, to: value }])),
    },
    { weight: 1, arbitrary: fc.constantFrom(...lists).map(({ at, value }) => [{ at, to: [value, value].flat() }]) },
    { weight: 2, arbitrary: fc.tuple(poolName(), fc.constantFrom(...pools)).map(([name, [, to]]) => [pool(name, to)]) },
    { weight: 1, arbitrary: fc.constantFrom(...secrets).map((key) => [{ at: ["config", key], to: plantedSecret }]) },
    { weight: 1, arbitrary: there.map(({ at }) => [{ at, to: { secure: plantedSecret } }]) },
    { weight: 1, arbitrary: fc.tuple(fc.constantFrom(...secrets), odd).map(([key, to]) => [encrypted(key, to)]) },
  );
}

/** Every field of a schema that is in a value or could be; what could be in a field that is not there is left to it. */
function sites(at: Place, schema: Schema, value: unknown): Site[] {
  const isSecret = at.length === 2 && (at[1] ?? "") in placeholders;
  const inner = Array.isArray(value)
    ? value.map((_, index) => [String(index), one(schema.items)] as const)
    : typeof value === "object" && value !== null && !isSecret
      ? Object.entries({ ...additional(schema, value), ...schema.properties })
      : [];
  const own = at.length > 1 ? [{ at, schema, value }] : [];
  return [...own, ...inner.flatMap(([key, field]) => sites([...at, key], one(field), child(value, key)))];
}

/** The entries of a map whose keys are anybody's choice, or one of a list. */
function additional({ additionalProperties, propertyNames }: Schema, value: object): Record<string, Schema> {
  if (typeof additionalProperties !== "object") {
    return {};
  }
  const known = one(propertyNames).enum ?? [];
  return Object.fromEntries([...known, ...Object.keys(value)].map((key) => [String(key), additionalProperties]));
}

/** What a run is told beside the stack file. */
function variableSites({ environment }: Base): Site[] {
  return Object.entries(environment).map(([name, value]) => ({
    at: ["environment", name],
    schema: { type: "string", pattern: "^[ -~]{0,300}$" },
    value,
  }));
}

/** Two fields of one map with each other's values, such as a request and a limit. */
function swaps({ at, value }: Site, present: readonly Site[]): fc.Arbitrary<readonly Change[]> {
  const parent = at.slice(0, -1).join("\n");
  const siblings = present.filter((other) => other.at.slice(0, -1).join("\n") === parent);
  return fc.constantFrom(...siblings).map((other) => [
    { at, to: other.value },
    { at: other.at, to: value },
  ]);
}

function misspelling(at: Place): fc.Arbitrary<Place> {
  const key = at.at(-1) ?? "";
  const typos = fc.constantFrom(
    `${key}s`,
    key.slice(1),
    key.toUpperCase(),
    ` ${key}`,
    `${key}:`,
    `datasets-server:${key}`,
  );
  return fc.oneof(typos, oddKey).map((name) => [...at.slice(0, -1), name]);
}

function poolName(): fc.Arbitrary<string> {
  const likely = fc.constantFrom("extra", "api", "worker", "mongodb", "network-metrics", "constructor", "a".repeat(20));
  return fc.oneof({ weight: 3, arbitrary: likely }, { weight: 1, arbitrary: oddKey });
}

function pool(name: string, to: unknown): Change {
  return { at: ["config", "workers", name], to };
}

function encrypted(key: string, secure: unknown): Change {
  return { at: ["config", key], to: { secure } };
}

/** A copy of a tree in which one place is another; maps that were not there are made. */
function put(tree: unknown, [key, ...rest]: Place, change: Pick<Change, "to">): unknown {
  if (key === undefined) {
    return change.to;
  }
  const isLast = rest.length === 0;
  if (Array.isArray(tree)) {
    const item = isLast && !("to" in change) ? [] : [put(tree[Number(key)], rest, change)];
    return tree.toSpliced(Number(key) || 0, 1, ...item);
  }
  const others = Object.entries(map(tree)).filter(([name]) => name !== key);
  const own = isLast && !("to" in change) ? [] : [[key, put(child(tree, key), rest, change)]];
  return Object.fromEntries([...others, ...own]);
}

function child(parent: unknown, key: string): unknown {
  return typeof parent === "object" && parent !== null ? new Map(Object.entries(parent)).get(key) : undefined;
}

function map(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
}
