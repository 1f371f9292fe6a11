import { makeInformer } from "@kubernetes/client-node";
import { hasRolledOut, type Kubernetes } from "./kubernetes";
import { whileWatching } from "./watching";

/** What happened to the ConfigMaps of one name prefix while a Deployment rolled, in the API server's own order. */
export interface Replacement {
  /** Names before and after. */
  readonly before: readonly string[];
  readonly after: readonly string[];
  /** The API server's revision at which the last new pod was available and no old one was left. */
  readonly rolledOutAt: number;
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
  const deployments = makeInformer(config, `/apis/apps/v1/namespaces/${namespace}/deployments`, () =>
    apps.listNamespacedDeployment({ namespace }),
  );
  const before = await names();
  const oldGeneration =
    (await apps.readNamespacedDeployment({ namespace, name: deployment })).metadata?.generation ?? 0;
  let rolledOutAt = Number.POSITIVE_INFINITY;
  let removedAt = Number.POSITIVE_INFINITY;
  configMaps.on("delete", ({ metadata }) => {
    if (metadata?.name?.startsWith(prefix)) removedAt = Math.min(removedAt, Number(metadata.resourceVersion));
  });
  deployments.on("update", (object) => {
    if (object.metadata?.name === deployment && hasRolledOut(object, oldGeneration)) {
      rolledOutAt = Math.min(rolledOutAt, Number(object.metadata.resourceVersion));
    }
  });
  await whileWatching([configMaps, deployments], action);
  return { before, after: await names(), rolledOutAt, removedAt };
}
