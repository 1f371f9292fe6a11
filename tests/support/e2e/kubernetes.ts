import { setTimeout as sleep } from "node:timers/promises";
import * as k8s from "@kubernetes/client-node";
import type { StateResource } from "./engine";

/** Clients of one API server. */
export interface Kubernetes {
  readonly config: k8s.KubeConfig;
  readonly core: k8s.CoreV1Api;
  readonly apps: k8s.AppsV1Api;
  readonly authorization: k8s.AuthorizationV1Api;
  readonly discovery: k8s.DiscoveryV1Api;
  readonly networking: k8s.NetworkingV1Api;
  readonly policy: k8s.PolicyV1Api;
  /** Objects of any kind. */
  readonly objects: k8s.KubernetesObjectApi;
}

/** Which object: what `read` needs. */
export interface ObjectReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string };
}

export function connect(kubeconfig: string): Kubernetes {
  const config = new k8s.KubeConfig();
  config.loadFromFile(kubeconfig);
  return {
    config,
    core: config.makeApiClient(k8s.CoreV1Api),
    apps: config.makeApiClient(k8s.AppsV1Api),
    authorization: config.makeApiClient(k8s.AuthorizationV1Api),
    discovery: config.makeApiClient(k8s.DiscoveryV1Api),
    networking: config.makeApiClient(k8s.NetworkingV1Api),
    policy: config.makeApiClient(k8s.PolicyV1Api),
    objects: k8s.KubernetesObjectApi.makeApiClient(config),
  };
}

/** The Kubernetes objects that a stack's state holds. */
export function objectsOf(resources: readonly StateResource[]): ObjectReference[] {
  return resources
    .filter(({ type }) => type.startsWith("kubernetes:"))
    .map(({ id = "", outputs }) => {
      const [name = "", namespace = ""] = id.split("/").reverse();
      return { apiVersion: String(outputs.apiVersion), kind: String(outputs.kind), metadata: { name, namespace } };
    });
}

/** The object as it is on the API server, or undefined when there is none. */
export async function find(
  { objects }: Kubernetes,
  reference: ObjectReference,
): Promise<k8s.KubernetesObject | undefined> {
  return objects.read(reference).catch((error: unknown) => {
    if (error instanceof k8s.ApiException && error.code === 404) return undefined;
    throw error;
  });
}

/** The pods of an app that are there to stay, those that are being deleted left out. */
export async function stayingPods({ core }: Kubernetes, namespace: string, app: string): Promise<k8s.V1Pod[]> {
  const { items } = await core.listNamespacedPod({ namespace, labelSelector: `app=${app}` });
  return items.filter(({ metadata }) => metadata?.deletionTimestamp === undefined);
}

export function isReady({ status }: k8s.V1Pod): boolean {
  return status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ?? false;
}

/** True when all pods are of a generation later than `oldGeneration` and available, and none of an earlier one is left. */
function hasRolledOut({ spec, status }: k8s.V1Deployment, oldGeneration = 0): boolean {
  const counts = [status?.updatedReplicas, status?.availableReplicas, status?.replicas];
  return (status?.observedGeneration ?? 0) > oldGeneration && counts.every((count) => count === spec?.replicas);
}

/**
 * Waits for a Deployment to roll out what was last asked of it.
 *
 * @throws when it has not after a minute.
 */
export async function rolledOut({ apps }: Kubernetes, namespace: string, name: string): Promise<void> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const deployment = await apps.readNamespacedDeployment({ namespace, name });
    if (hasRolledOut(deployment, (deployment.metadata?.generation ?? 0) - 1)) return;
    if (Date.now() > deadline) {
      throw new Error(`${namespace}/${name} has not rolled out in a minute: ${JSON.stringify(deployment.status)}`);
    }
    await sleep(200);
  }
}
