import type { KubernetesObject, V1ObjectMeta } from "@kubernetes/client-node";
import { causeOf, type KubernetesClient } from "./kubernetesClient";
import { UserError } from "./userError";

export interface ObjectReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

/** What an object is called in messages, such as Secret datasets-server/datasets-server-hf-token. */
export function objectText({ kind, metadata: { name, namespace } }: ObjectReference): string {
  return `${kind} ${namespace ? `${namespace}/` : ""}${name}`;
}

/** Returns an object of the client's as the API server sends it: the client calls a field `from` by another name. */
export function asServed(object: object): unknown {
  return JSON.parse(JSON.stringify(object), (_key, value: unknown) => {
    if (typeof value !== "object" || value === null || !("_from" in value)) return value;
    const { _from: from, ...others } = value;
    return { ...others, from };
  });
}

/** The objects as they are on the cluster now. */
export interface LiveObjects {
  /** The object, or undefined when there is none. */
  find(object: ObjectReference): Promise<KubernetesObject | undefined>;
  /** Does the same for an identity that may not be allowed to read it. */
  peek(object: ObjectReference): Promise<KubernetesObject | "forbidden" | undefined>;
  /** The objects of a kind with these labels; none where the cluster does not know the kind. */
  list(kind: ObjectKind, namespace: string, labels: Readonly<Record<string, string>>): Promise<KubernetesObject[]>;
  /** Does the same for an identity that may not be allowed to list them. */
  look(kind: ObjectKind, where: Where): Promise<KubernetesObject[] | "forbidden">;
  /** Changes an object's metadata; what is not named stays. */
  patchMetadata(object: ObjectReference, metadata: V1ObjectMeta): Promise<void>;
  /** Deletes an object, if it is there. */
  remove(object: ObjectReference): Promise<void>;
}

/** Which objects of a kind to list. */
export interface Where {
  /** Default: those of all namespaces. */
  readonly namespace?: string;
  /** Default: any. */
  readonly labels?: Readonly<Record<string, string>>;
}

export interface ObjectKind {
  readonly apiVersion: string;
  readonly kind: string;
}

/** A way to look at a cluster's objects beside the engine. */
export function liveObjects(kubernetes: () => Promise<KubernetesClient>): LiveObjects {
  const look: LiveObjects["look"] = async ({ apiVersion, kind }, { namespace, labels = {} }) => {
    const { objects, isNotFound, isForbidden } = await kubernetes();
    const selector = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
    const options = [undefined, undefined, undefined, undefined, selector.join(",")] as const;
    try {
      const { items } = await objects.list(apiVersion, kind, namespace, ...options);
      return items.map((item) => ({ ...item, apiVersion, kind }));
    } catch (error) {
      if (isNotFound(error)) return [];
      if (isForbidden(error)) return "forbidden";
      const place = namespace === undefined ? "the cluster" : `namespace ${namespace}`;
      throw new UserError(`cannot look for each ${kind} in ${place}: ${causeOf(error)}`);
    }
  };
  const read = async (object: ObjectReference) => {
    const { objects, isNotFound } = await kubernetes();
    return objects.read(object).catch((error: unknown) => {
      if (isNotFound(error)) return undefined;
      throw error;
    });
  };
  return {
    find: (object) =>
      read(object).catch((error: unknown) => {
        throw new UserError(`cannot read ${objectText(object)}: ${causeOf(error)}`);
      }),
    peek: (object) =>
      read(object).catch(async (error: unknown) => {
        if ((await kubernetes()).isForbidden(error)) return "forbidden" as const;
        throw new UserError(`cannot read ${objectText(object)}: ${causeOf(error)}`);
      }),
    list: async (kind, namespace, labels) => {
      const found = await look(kind, { namespace, labels });
      if (found === "forbidden") {
        throw new UserError(
          `this identity may not list each ${kind.kind} in namespace ${namespace}`,
          "ask an administrator of the cluster for the roles of docs/access.md, then run again",
        );
      }
      return found;
    },
    look,
    patchMetadata: async ({ apiVersion, kind, metadata: { name, namespace } }, metadata) => {
      const { objects, mergePatch } = await kubernetes();
      const reference = { name, ...(namespace !== undefined && { namespace }) };
      const body = { apiVersion, kind, metadata: { ...metadata, ...reference } };
      await objects.patch(body, undefined, undefined, undefined, undefined, mergePatch);
    },
    remove: async (object) => {
      const { objects, isNotFound } = await kubernetes();
      await objects.delete(object).catch((error: unknown) => {
        if (!isNotFound(error)) throw new Error(`cannot delete ${objectText(object)}: ${causeOf(error)}`);
      });
    },
  };
}
