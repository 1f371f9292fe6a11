import { isDeepStrictEqual } from "node:util";
import { diffArrays, diffLines } from "diff";
import { stringify } from "yaml";
import { inWords, itemNames, itemSegment } from "./paths";

/** One value that differs, as lines of text. */
export interface Difference {
  /** Where it is, in words. */
  readonly where: string;
  readonly removed: readonly string[];
  readonly added: readonly string[];
}

/** What stands for a value that only the update will know. */
const unknownUntilUpdate = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** Every difference between two objects, deep inside them: items of lists are told by name, texts line by line. */
export function differences(before: unknown, after: unknown): Difference[] {
  return compare(before, after, []);
}

/** A value as YAML, line by line. */
export function lines(value: unknown): string[] {
  if (value === undefined) return [];
  const text = stringify(value, { lineWidth: 0, aliasDuplicateObjects: false }).trimEnd();
  return text.replaceAll(unknownUntilUpdate, "(known after the update)").split("\n");
}

function compare(before: unknown, after: unknown, segments: readonly string[]): Difference[] {
  if (isDeepStrictEqual(before, after)) return [];
  if (Array.isArray(before) && Array.isArray(after)) return compareLists(before, after, segments);
  if (isObject(before) && isObject(after)) {
    const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
    return [...keys].flatMap((key) => compare(before[key], after[key], [...segments, key]));
  }
  if (typeof before === "string" && typeof after === "string" && `${before}${after}`.includes("\n")) {
    return [compareTexts(before, after, segments)];
  }
  return [{ where: inWords(segments), removed: lines(before), added: lines(after) }];
}

function compareLists(
  before: readonly unknown[],
  after: readonly unknown[],
  segments: readonly string[],
): Difference[] {
  const [namesBefore, namesAfter] = itemNames([before, after]) ?? [];
  if (namesBefore !== undefined && namesAfter !== undefined) {
    return compareByName({ names: namesBefore, items: before }, { names: namesAfter, items: after }, segments);
  }
  const parts = diffArrays([...before], [...after], { comparator: isDeepStrictEqual });
  const taken = (wanted: (part: (typeof parts)[number]) => boolean) =>
    parts.filter(wanted).flatMap(({ value }) => value.flatMap((item) => lines([item])));
  return [{ where: inWords(segments), removed: taken(({ removed }) => removed), added: taken(({ added }) => added) }];
}

interface NamedList {
  readonly names: readonly string[];
  readonly items: readonly unknown[];
}

function compareByName(before: NamedList, after: NamedList, segments: readonly string[]): Difference[] {
  const item = ({ names, items }: NamedList, name: string) => items[names.indexOf(name)];
  const names = [...new Set([...before.names, ...after.names])];
  const list = segments.at(-1) ?? "";
  const inItems = names.flatMap((name) =>
    compare(withoutName(item(before, name), name), withoutName(item(after, name), name), [
      ...segments.slice(0, -1),
      itemSegment(list, name),
    ]),
  );
  const kept = ({ names: own }: NamedList, other: NamedList) => own.filter((name) => other.names.includes(name));
  const [orderBefore, orderAfter] = [kept(before, after), kept(after, before)];
  if (isDeepStrictEqual(orderBefore, orderAfter)) return inItems;
  const where = `${inWords(segments)}, order`;
  return [...inItems, { where, removed: [orderBefore.join(", ")], added: [orderAfter.join(", ")] }];
}

/** An item less its name, which is in the path already. */
function withoutName(item: unknown, name: string): unknown {
  if (!isObject(item) || item.name !== name || Object.keys(item).length === 1) return item;
  const { name: _, ...rest } = item;
  return rest;
}

function compareTexts(before: string, after: string, segments: readonly string[]): Difference {
  const parts = diffLines(before, after);
  const taken = (wanted: (part: (typeof parts)[number]) => boolean) =>
    parts.filter(wanted).flatMap(({ value }) => value.replace(/\n$/, "").split("\n"));
  return { where: inWords(segments), removed: taken(({ removed }) => removed), added: taken(({ added }) => added) };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
