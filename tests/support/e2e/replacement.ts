import { makeInformer, type V1ReplicaSet } from "@kubernetes/client-node";
import type { Kubernetes } from "./kubernetes";
import { whileWatching } from "./watching";

/** What happened to the ConfigMaps of one name prefix while a Deployment rolled, in the API server's own order. */
export interface Replacement {
  /** Names before and after. */
  readonly before: readonly string[];
  readonly after: readonly string[];
  /** The API server's revision at which the last new pod was ready: that is what the provider waits for. */
  readonly readyAt: number;
  /** The API server's revision at which the first ConfigMap was removed. */
  readonly removedAt: number;
}

export interface ReplacementArgs {
  readonly namespace: string;
  readonly deployment: string;
  /** What the names of the ConfigMaps start with. */
  readonly prefix: string;
}

/** Watches a Deployment and its ConfigMaps while `action` rolls it; what did not happen has revision Infinity. */
export async function watchReplacement(
  { config, core, apps }: Kubernetes,
  { namespace, deployment, prefix }: ReplacementArgs,
  action: () => Promise<unknown>,
): Promise<Replacement> {
  const names = async () => {
    const { items } = await core.listNamespacedConfigMap({ namespace });
    return items.map(({ metadata }) => metadata?.name ?? "").filter((name) => name.startsWith(prefix));
  };
  const configMaps = makeInformer(config, `/api/v1/namespaces/${namespace}/configmaps`, () =>
    core.listNamespacedConfigMap({ namespace }),
  );
  const replicaSets = makeInformer(config, `/apis/apps/v1/namespaces/${namespace}/replicasets`, () =>
    apps.listNamespacedReplicaSet({ namespace }),
  );
  const before = await names();
  const old = (await apps.listNamespacedReplicaSet({ namespace })).items.map(({ metadata }) => metadata?.uid);
  let readyAt = Number.POSITIVE_INFINITY;
  let removedAt = Number.POSITIVE_INFINITY;
  configMaps.on("delete", ({ metadata }) => {
    if (metadata?.name?.startsWith(prefix)) removedAt = Math.min(removedAt, Number(metadata.resourceVersion));
  });
  replicaSets.on("update", (replicaSet) => {
    const { metadata } = replicaSet;
    const isNew = metadata?.ownerReferences?.[0]?.name === deployment && !old.includes(metadata.uid);
    if (isNew && isReady(replicaSet)) readyAt = Math.min(readyAt, Number(metadata.resourceVersion));
  });
  await whileWatching([configMaps, replicaSets], action);
  return { before, after: await names(), readyAt, removedAt };
}

/** Whether it has all the pods that its Deployment wants, each of them ready. */
function isReady({ metadata, status }: V1ReplicaSet): boolean {
  return status?.readyReplicas === Number(metadata?.annotations?.["deployment.kubernetes.io/desired-replicas"]);
}
