import { stringify } from "yaml";
import { z } from "zod";
import { checksumAnnotation } from "../components/secrets";
import { type RegisteredResource, runProgram, secretMarker } from "./program";

/** What stands in rendered objects for a checksum of secrets. */
const checksumMarker = "[checksum]";

/** The part of a Kubernetes object that says which one it is. */
const identified = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string(), namespace: z.string().optional() }),
});

export type KubernetesObject = z.infer<typeof identified>;

/** Every Kubernetes object of a stack in a fixed order, with markers in the place of secrets. */
export async function stackObjects(stack: string): Promise<KubernetesObject[]> {
  const { resources } = await runProgram(stack);
  return kubernetesObjects(resources);
}

/** The Kubernetes objects among registered resources, sorted by kind and name. */
export function kubernetesObjects(resources: readonly RegisteredResource[]): KubernetesObject[] {
  return resources
    .filter(({ type }) => type.startsWith("kubernetes:"))
    .map(({ inputs }) => identified.parse(mask(inputs)))
    .sort((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1));
}

/** One YAML document an object, keys sorted, so that the same objects are always the same text. */
export function toYaml(objects: readonly KubernetesObject[]): string {
  return objects.map((object) => stringify(object, { sortMapEntries: true, lineWidth: 0 })).join("---\n");
}

function sortKey({ kind, metadata }: KubernetesObject): string {
  return `${kind}/${metadata.name}`;
}

/** Puts markers in the place of all that a Secret holds, whatever it was made from, and of checksums. */
function mask({ kind, ...inputs }: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const masked = replace(inputs, (key, value) => (key === checksumAnnotation ? checksumMarker : value));
  return kind === "Secret"
    ? { ...masked, kind, stringData: replace(masked.stringData, () => secretMarker) }
    : { ...masked, kind };
}

/** A copy in which every text within is what `change` makes of it. */
function replace(value: unknown, change: (key: string, value: unknown) => unknown): Record<string, unknown> {
  const visit = (inner: unknown, key: string): unknown => {
    if (Array.isArray(inner)) {
      return inner.map((item) => visit(item, ""));
    }
    return typeof inner === "object" && inner !== null ? replace(inner, change) : change(key, inner);
  };
  return Object.fromEntries(Object.entries(Object(value)).map(([key, inner]) => [key, visit(inner, key)]));
}
