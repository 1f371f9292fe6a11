import { z } from "zod";
import { engineAnnotations } from "../../catalog/names";
import { fieldSegment } from "./compare";

/** Whom the API server names for which fields. Those who write an object can write that too, so it is a hint and no proof. */
const managedFields = z.array(
  z.looseObject({ manager: z.string().default("an unnamed manager"), fieldsV1: z.looseObject({}).default({}) }),
);

/** The name that Pulumi writes under; compared as a whole, as anyone may take one that begins like it. */
const ourManager = engineAnnotations["pulumi.com/patchFieldManager"];

/** Returns who is named for a field, or for what is in it, Pulumi left out. */
export function writersOf(field: string, managed: unknown): string[] {
  const writers = managedFields
    .parse(JSON.parse(JSON.stringify(managed ?? [])))
    .filter(({ fieldsV1 }) => fieldPaths(fieldsV1).some((path) => path.startsWith(field) || field.startsWith(path)))
    .map(({ manager }) => manager);
  return [...new Set(writers)].filter((manager) => manager !== ourManager);
}

/**
 * The fields of a `fieldsV1`, each by its path. An item of a list or map that was added is one field, whatever is in it.
 *
 * Its keys are `f:NAME` for a field, `k:{...}` for an item by its keys, `v:VALUE` for an item by its value; `.` means the
 * thing itself (docs: Kubernetes, Server-Side Apply).
 */
export function fieldPaths(fields: object, path = ""): string[] {
  const entries = Object.entries(fields).filter(([key]) => key !== ".");
  const isAddedItem = "." in fields && path.endsWith("]");
  if (path !== "" && (entries.length === 0 || isAddedItem)) return [path];
  return entries.flatMap(([key, value]) => fieldPaths(Object(value), path + segment(key, path)));
}

function segment(key: string, path: string): string {
  const [sort, name] = [key.slice(0, 2), key.slice(2)];
  if (sort === "k:") {
    const keys: Record<string, unknown> = JSON.parse(name);
    return `[${Object.entries(keys)
      .map(([field, value]) => `${field}=${value}`)
      .join(",")}]`;
  }
  return sort === "v:" ? `[${JSON.parse(name)}]` : fieldSegment(name, path);
}
