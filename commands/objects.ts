import { stringify } from "yaml";
import { z } from "zod";
import { checksumAnnotation } from "../components/secrets";
import { type RegisteredResource, runProgram } from "./program";

/** What stands in rendered objects for a checksum of secrets. */
export const checksumMarker = "[checksum]";

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

function mask(value: unknown, key = ""): unknown {
  if (Array.isArray(value)) {
    return value.map((item) => mask(item));
  }
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, mask(item, name)]));
  }
  return key === checksumAnnotation ? checksumMarker : value;
}
