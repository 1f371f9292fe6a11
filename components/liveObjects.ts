import type { KubernetesObject, V1ObjectMeta } from "@kubernetes/client-node";
import { causeOf, type KubernetesClient } from "./kubernetesClient";
import { Refusal } from "./refusal";

export interface ObjectReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

/** What an object is called in messages, such as Secret datasets-server/datasets-server-hf-token. */
export function objectText({ kind, metadata: { name, namespace } }: ObjectReference): string {
  return `${kind} ${namespace ? `${namespace}/` : ""}${name}`;
}

/** The objects as they are on the cluster now. */
export interface LiveObjects {
  /** The object's metadata, or undefined when there is no such object. */
  find(object: ObjectReference): Promise<V1ObjectMeta | undefined>;
  /** The objects of a kind with these labels; none where the cluster does not know the kind. */
  list(kind: ObjectKind, namespace: string, labels: Readonly<Record<string, string>>): Promise<KubernetesObject[]>;
  /** Changes an object's metadata; what is not named stays. */
  patchMetadata(object: ObjectReference, metadata: V1ObjectMeta): Promise<void>;
}

export interface ObjectKind {
  readonly apiVersion: string;
  readonly kind: string;
}

/** A way to look at a cluster's objects beside the engine. */
export function liveObjects(kubernetes: () => Promise<KubernetesClient>): LiveObjects {
  return {
    find: async (object) => {
      const { objects, isNotFound } = await kubernetes();
      try {
        return (await objects.read(object)).metadata ?? {};
      } catch (error) {
        if (isNotFound(error)) {
          return undefined;
        }
        throw new Error(`cannot tell whether ${object.kind} ${object.metadata.name} exists already: ${causeOf(error)}`);
      }
    },
    list: async ({ apiVersion, kind }, namespace, labels) => {
      const { objects, isNotFound } = await kubernetes();
      const selector = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
      const options = [undefined, undefined, undefined, undefined, selector.join(",")] as const;
      try {
        const { items } = await objects.list(apiVersion, kind, namespace, ...options);
        return items.map((item) => ({ ...item, apiVersion, kind }));
      } catch (error) {
        if (isNotFound(error)) {
          return [];
        }
        throw new Refusal(
          `cannot look for each ${kind} in namespace ${namespace}: ${causeOf(error)}. Is your role allowed to list them?`,
        );
      }
    },
    patchMetadata: async ({ apiVersion, kind, metadata: { name, namespace } }, metadata) => {
      const { objects, mergePatch } = await kubernetes();
      const reference = { name, ...(namespace !== undefined && { namespace }) };
      const body = { apiVersion, kind, metadata: { ...metadata, ...reference } };
      await objects.patch(body, undefined, undefined, undefined, undefined, mergePatch);
    },
  };
}
