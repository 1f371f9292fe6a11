import { engineAnnotations } from "../catalog/names";

/** The name that Pulumi writes under; compared as a whole, as anyone may take one that begins like it. */
export const pulumiManager: string = engineAnnotations["pulumi.com/patchFieldManager"];

/**
 * Returns how a key of a `fieldsV1` continues the path of what it is in: `f:NAME` is a field, `k:{...}` an item by its keys,
 * `v:VALUE` an item by its value (docs: Kubernetes, Server-Side Apply).
 */
export function fieldSegment(key: string, path: string): string {
  const [sort, name] = [key.slice(0, 2), key.slice(2)];
  if (sort === "k:") {
    const texts = Object.entries(itemKeys(key)).map(([field, value]) => `${field}=${value}`);
    return `[${texts.join(",")}]`;
  }
  if (sort === "v:") return `[${JSON.parse(name)}]`;
  // Names of labels and annotations hold dots themselves.
  if (/[^\w-]/.test(name)) return `[${name}]`;
  return path === "" ? name : `.${name}`;
}

/** Returns the keys by which an item of a list is known, of a key such as `k:{"name":"api"}`. */
export function itemKeys(key: string): Readonly<Record<string, unknown>> {
  return JSON.parse(key.slice(2));
}
