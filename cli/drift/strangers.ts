import type { KubernetesObject } from "@kubernetes/client-node";
import { type LiveObjects, type ObjectReference, objectText } from "../../cluster/liveObjects";
import { apiVersionOf, kindsBeside } from "../../safety/permissions";
import { grantNames } from "../access/rbac";

/** The kinds that are looked for in a stack's namespace. */
const lookedFor = [...kindsBeside, "Secret" as const].map((kind) => ({ kind, apiVersion: apiVersionOf(kind) }));

/** What controllers make, and for whom. */
const makers: Readonly<Record<string, readonly string[]>> = {
  Job: ["CronJob"],
  PersistentVolumeClaim: ["StatefulSet"],
  Pod: ["DaemonSet", "Job", "ReplicaSet", "ReplicationController", "StatefulSet"],
  ReplicaSet: ["Deployment"],
};

/** What Kubernetes itself puts into each namespace, and what an administrator does (docs/access.md). */
const given = new Set(["ConfigMap kube-root-ca.crt", "ServiceAccount default", ...grantNames]);

/** What was found in a stack's namespaces. */
export interface Strangers {
  /** Objects of no stack. */
  readonly objects: readonly ObjectReference[];
  /** Kinds that this identity may not list. */
  readonly unknown: readonly string[];
}

/**
 * Finds objects in the namespaces of a stack that are not the stack's, whatever their labels say; what controllers make of others
 * is left out.
 */
export async function findStrangers(
  live: Pick<LiveObjects, "look">,
  own: readonly ObjectReference[],
): Promise<Strangers> {
  const namespaces = new Set(own.flatMap(({ metadata }) => metadata.namespace ?? []));
  const looks = await Promise.all(
    [...namespaces].flatMap((namespace) =>
      lookedFor.map(async (kind) => ({ kind: kind.kind, found: await live.look(kind, { namespace }) })),
    ),
  );
  const found = looks.flatMap(({ found }) => (found === "forbidden" ? [] : found));
  const uids = new Map(found.map(({ kind = "", metadata }) => [metadata?.uid ?? "", kind]));
  const known = new Set(own.map(objectText));
  const isChild = ({ kind = "", metadata }: KubernetesObject) =>
    (metadata?.ownerReferences ?? []).some(
      (owner) => uids.get(owner.uid) === owner.kind && makers[kind]?.includes(owner.kind),
    );
  const objects = found
    .filter((object) => !isChild(object))
    .map(({ apiVersion = "", kind = "", metadata }) => ({
      apiVersion,
      kind,
      metadata: { name: metadata?.name ?? "", ...(metadata?.namespace && { namespace: metadata.namespace }) },
    }))
    .filter((object) => !known.has(objectText(object)) && !given.has(`${object.kind} ${object.metadata.name}`));
  const unknown = looks.filter(({ found }) => found === "forbidden").map(({ kind }) => kind);
  return { objects, unknown: [...new Set(unknown)] };
}
