import assert from "node:assert/strict";
import type { KubernetesObject, V1Pod } from "@kubernetes/client-node";
import { stackLabel } from "../../../catalog/names";
import { isReady, type Kubernetes, rolledOut } from "./kubernetes";

/**
 * The pods of a namespace's Deployments and StatefulSets, when the last rollout of each has ended.
 *
 * @throws when a pod is missing, or is not ready.
 */
export async function settledPods(kubernetes: Kubernetes, namespace: string): Promise<V1Pod[]> {
  const { apps, core } = kubernetes;
  const deployments = (await apps.listNamespacedDeployment({ namespace })).items;
  for (const { metadata } of deployments) await rolledOut(kubernetes, namespace, metadata?.name ?? "");
  const statefulSets = (await apps.listNamespacedStatefulSet({ namespace })).items;
  const wanted = [...deployments, ...statefulSets].reduce((sum, { spec }) => sum + (spec?.replicas ?? 0), 0);
  const { items } = await core.listNamespacedPod({ namespace });
  const pods = items.filter((pod) => !isOfJob(pod) && pod.metadata?.deletionTimestamp === undefined);
  const unready = pods.filter((pod) => !isReady(pod)).map(({ metadata }) => metadata?.name);
  assert.deepEqual({ unready, ready: pods.length - unready.length }, { unready: [], ready: wanted });
  return pods;
}

/** Every kind that a stack has in its namespace, and the pods that come of them. */
const kinds = {
  "apps/v1": ["Deployment", "StatefulSet"],
  "autoscaling/v2": ["HorizontalPodAutoscaler"],
  "batch/v1": ["CronJob", "Job"],
  "monitoring.coreos.com/v1": ["PodMonitor", "PrometheusRule", "ServiceMonitor"],
  "networking.k8s.io/v1": ["Ingress", "NetworkPolicy"],
  "policy/v1": ["PodDisruptionBudget"],
  v1: ["ConfigMap", "PersistentVolumeClaim", "Pod", "Secret", "Service", "ServiceAccount"],
} as const;

/**
 * What each object of a namespace is: another text when it was replaced or somebody changed it, and none once it is being
 * deleted, as a rollout's old pods are for a while.
 */
export async function identities({ objects }: Kubernetes, namespace: string): Promise<string[]> {
  const wanted = Object.entries(kinds).flatMap(([api, names]) => names.map((kind) => ({ api, kind })));
  const lists = await Promise.all(
    wanted.map(async ({ api, kind }) => {
      const { items } = await objects.list(api, kind, namespace);
      return items
        .filter((object) => !isOfJob(object) && object.metadata?.deletionTimestamp === undefined)
        .map((object) => `${kind} ${identity(object)}`);
    }),
  );
  return lists.flat().sort();
}

/** Where a status changes the resource version, the generation stands for what was asked of the object. */
function identity(object: KubernetesObject): string {
  const { name, uid, generation, resourceVersion } = object.metadata ?? {};
  return [name, uid, generation ?? ("status" in object ? "" : resourceVersion)].join(" ");
}

/** Every object that has a stack's label, but for what controllers make of others: kind, namespace and name. */
export async function labelledObjects({ objects }: Kubernetes, stack: string): Promise<string[]> {
  const wanted = Object.entries({ ...kinds, v1: [...kinds.v1, "Namespace"] });
  const lists = await Promise.all(
    wanted.flatMap(([api, names]) =>
      names.map((kind) => objects.list(api, kind).then(({ items }) => ({ kind, items }))),
    ),
  );
  return lists
    .flatMap(({ kind, items }) => items.map(({ metadata }) => ({ kind, metadata })))
    .filter(({ metadata }) => metadata?.labels?.[stackLabel] === stack && !metadata.ownerReferences?.length)
    .map(({ kind, metadata }) => `${kind} ${metadata?.namespace ?? ""}/${metadata?.name}`)
    .sort();
}

/** Whether the clock or a Job made it, so that it comes and goes by itself. */
function isOfJob({ metadata }: KubernetesObject): boolean {
  return metadata?.ownerReferences?.some(({ kind }) => kind === "CronJob" || kind === "Job") ?? false;
}
