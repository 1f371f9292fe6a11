import { makeInformer } from "@kubernetes/client-node";
import { hasRolledOut, type Kubernetes } from "./kubernetes";
import { whileWatching } from "./watching";

/** What happened to the ConfigMaps of one name prefix while a Deployment rolled. */
export interface Replacement {
  /** Names before and after. */
  readonly before: readonly string[];
  readonly after: readonly string[];
  /** Whether all pods were new and available, and none old, when each ConfigMap that went was seen to go. */
  readonly rolledOutWhenRemoved: readonly boolean[];
}

export interface ReplacementArgs {
  readonly namespace: string;
  readonly deployment: string;
  /** What the names of the ConfigMaps start with. */
  readonly prefix: string;
}

/** Watches the ConfigMaps that a Deployment reads while `action` rolls it. */
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
  const before = await names();
  const oldGeneration =
    (await apps.readNamespacedDeployment({ namespace, name: deployment })).metadata?.generation ?? 0;
  const looks: Promise<boolean>[] = [];
  const look = async () =>
    hasRolledOut(await apps.readNamespacedDeployment({ namespace, name: deployment }), oldGeneration);
  configMaps.on("delete", ({ metadata }) => {
    if (metadata?.name?.startsWith(prefix)) looks.push(look());
  });
  await whileWatching([configMaps], action);
  return { before, after: await names(), rolledOutWhenRemoved: await Promise.all(looks) };
}
