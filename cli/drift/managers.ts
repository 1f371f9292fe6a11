import { z } from "zod";
import { fieldSegment, pulumiManager } from "../../cluster/managedFields";

/** Whom the API server names for which fields. Those who write an object can write that too, so it is a hint and no proof. */
const managedFields = z.array(
  z.looseObject({ manager: z.string().default("an unnamed manager"), fieldsV1: z.looseObject({}).default({}) }),
);

/** Returns who is named for a field, or for what is in it, Pulumi left out. */
export function writersOf(field: string, managed: unknown): string[] {
  const writers = managedFields
    .parse(JSON.parse(JSON.stringify(managed ?? [])))
    .filter(({ fieldsV1 }) => fieldPaths(fieldsV1).some((path) => path.startsWith(field) || field.startsWith(path)))
    .map(({ manager }) => manager);
  return [...new Set(writers)].filter((manager) => manager !== pulumiManager);
}

/**
 * The fields of a `fieldsV1`, each by its path. An item of a list or map that was added is one field, whatever is in it.
 * The key `.` means the thing itself.
 */
export function fieldPaths(fields: object, path = ""): string[] {
  const entries = Object.entries(fields).filter(([key]) => key !== ".");
  const isAddedItem = "." in fields && path.endsWith("]");
  if (path !== "" && (entries.length === 0 || isAddedItem)) return [path];
  return entries.flatMap(([key, value]) => fieldPaths(Object(value), path + fieldSegment(key, path)));
}
