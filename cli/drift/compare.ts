import { isDeepStrictEqual } from "node:util";
import { parseQuantity } from "../../catalog/quantity";
import { secretMarker } from "../../catalog/secrets";
import { fieldSegment } from "../../cluster/managedFields";

/** One place where a live object is not what was deployed. */
export interface Difference {
  /** As in `spec.template.spec.containers[name=api].env[name=EXTRA]`. */
  readonly field: string;
  /** The same as a JSON pointer into the live object. */
  readonly pointer: string;
  readonly what: "added" | "changed" | "removed";
  /** What it is now; never shown, as it may be a secret. */
  readonly live: unknown;
}

interface Place {
  readonly field: string;
  readonly pointer: string;
}

/**
 * Compares two values, field by field. What is empty and what is absent are the same, and so are two quantities of one amount. A
 * field that only the live one has is reported by its own path.
 *
 * @param wanted where it is a secret, whatever is live counts as the same.
 */
export function differences(wanted: unknown, live: unknown, { field, pointer }: Place): Difference[] {
  if (wanted === secretMarker || isSame(wanted, live)) return [];
  // An item of a list that was added is one field, whatever is in it.
  if (isEmpty(wanted) && (!isMap(live) || field.endsWith("]"))) return [{ field, pointer, what: "added", live }];
  if (isEmpty(live)) return [{ field, pointer, what: "removed", live }];
  if (Array.isArray(wanted) && Array.isArray(live)) return itemDifferences(wanted, live, { field, pointer });
  if (!isMap(live) || Array.isArray(wanted)) return [{ field, pointer, what: "changed", live }];
  const [before, after] = [new Map(Object.entries(Object(wanted))), new Map(Object.entries(live))];
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((name) =>
    differences(before.get(name), after.get(name), {
      field: field + fieldSegment(`f:${name}`, field),
      pointer: `${pointer}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`,
    }),
  );
}

/** Items are matched by what they are known by, or by their places where both lists have as many. */
function itemDifferences(
  wanted: readonly unknown[],
  live: readonly unknown[],
  { field, pointer }: Place,
): Difference[] {
  const key = itemKeys.find((name) => [wanted, live].every((items) => areKnownBy(items, name)));
  if (key === undefined) {
    return wanted.length === live.length
      ? live.flatMap((item, at) =>
          differences(wanted[at], item, { field: `${field}[${at}]`, pointer: `${pointer}/${at}` }),
        )
      : [{ field, pointer, what: "changed", live }];
  }
  const keyOf = (item: unknown): unknown => Object(item)[key];
  const find = (items: readonly unknown[], item: unknown) => items.findIndex((other) => keyOf(other) === keyOf(item));
  const placeOf = (item: unknown, at: number) => ({
    field: `${field}[${key}=${keyOf(item)}]`,
    pointer: `${pointer}/${at}`,
  });
  const gone = wanted.filter((item) => find(live, item) < 0);
  return [
    ...live.flatMap((item, at) => differences(wanted[find(wanted, item)], item, placeOf(item, at))),
    ...gone.map((item) => ({ ...placeOf(item, 0), what: "removed" as const, live: undefined })),
  ];
}

/** What items of Kubernetes' lists are known by, such as a container by its name. */
const itemKeys = ["name", "mountPath", "containerPort", "host", "path", "topologyKey", "key"] as const;

function areKnownBy(items: readonly unknown[], key: string): boolean {
  const values = new Set(items.map((item): unknown => Object(item)[key]));
  return values.size === items.length && !values.has(undefined);
}

function isSame(a: unknown, b: unknown): boolean {
  if (isEmpty(a) && isEmpty(b)) return true;
  if (isDeepStrictEqual(a, b)) return true;
  const [left, right] = [parseQuantity(String(a)), parseQuantity(String(b))];
  return left !== undefined && left === right;
}

function isMap(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The API server leaves out what is empty. A list of one empty item is not: in a NetworkPolicy it means everything. */
function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === "object" && Object.values(value).every(isEmpty);
}
