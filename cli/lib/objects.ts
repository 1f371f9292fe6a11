import { stringify } from "yaml";
import type { ObjectMetadata } from "../../catalog/names";
import { allObjects, buildObjects, type DatasetsServerArgs } from "../../components/buildObjects";
import { type PlainObject, plainObject } from "../../components/objects";
import { readStack } from "./stackFile";

/** An object as Kubernetes takes it. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Pick<ObjectMetadata, "name" | "namespace"> & Partial<ObjectMetadata>;
  readonly [field: string]: unknown;
}

/** Every Kubernetes object of a stack in a fixed order, with markers in the place of secrets. */
export function stackObjects(stack: string): PlainObject[] {
  return plainObjects(readStack(stack).config.datasetsServer);
}

/** The same for arguments that are known. */
export function plainObjects(args: DatasetsServerArgs): PlainObject[] {
  return allObjects(buildObjects(args))
    .map(plainObject)
    .sort((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1));
}

/** One YAML document an object, keys sorted, so that the same objects are always the same text. */
export function toYaml(objects: readonly KubernetesObject[]): string {
  return objects.map((object) => stringify(object, { sortMapEntries: true, lineWidth: 0 })).join("---\n");
}

function sortKey({ kind, metadata }: KubernetesObject): string {
  return `${kind}/${metadata.name}`;
}
