import { makeInformer } from "@kubernetes/client-node";
import type { Kubernetes } from "./kubernetes";
import { whileWatching } from "./watching";

/** What happened to the ConfigMaps of one name prefix while a Deployment rolled. */
export interface Replacement {
  /** Names before and after. */
  readonly before: readonly string[];
  readonly after: readonly string[];
  /** Those that went while the Deployment's pods still named them. */
  readonly removedInUse: readonly string[];
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
  const looks: Promise<string[]>[] = [];
  const namedStill = async (name: string) => {
    const { spec } = await apps.readNamespacedDeployment({ namespace, name: deployment });
    return JSON.stringify(spec?.template).includes(`"${name}"`) ? [name] : [];
  };
  configMaps.on("delete", ({ metadata }) => {
    if (metadata?.name?.startsWith(prefix)) looks.push(namedStill(metadata.name));
  });
  await whileWatching([configMaps], action);
  return { before, after: await names(), removedInUse: (await Promise.all(looks)).flat() };
}
