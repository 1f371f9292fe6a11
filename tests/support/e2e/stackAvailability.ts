import assert from "node:assert/strict";
import type { Surge } from "../../../catalog/rollouts";
import { serviceNames, services } from "../../../catalog/services";
import { workerComponent, workerSurge } from "../../../catalog/workers";
import { assertNeverBelow, type Least, leastReady, type Watched, watchAvailability } from "./availability";
import type { Cluster } from "./cluster";
import { drainPool, nodePools } from "./drains";
import { type Kubernetes, rolledOut } from "./kubernetes";
import { settledPods } from "./workloads";

/** A stack that serves: all six services and its worker pools are watched. */
export interface RunningStack {
  readonly namespace: string;
  /** Prefix of its objects' names. */
  readonly release: string;
  readonly pools: readonly string[];
}

/**
 * Fails when an update, which must replace every pod, leaves a service or a worker pool fewer ready pods at any time than
 * its row allows.
 */
export async function assertRollsInService(
  kubernetes: Kubernetes,
  stack: RunningStack,
  update: () => Promise<unknown>,
): Promise<void> {
  const { namespace } = stack;
  // An autoscaler adds pods after the update that made it.
  await settledPods(kubernetes, namespace);
  const least = await leastOfEach(stack, async ({ name, surge }) => {
    const { spec } = await kubernetes.apps.readNamespacedDeployment({ namespace, name });
    return leastReady(surge, spec?.replicas ?? 0);
  });
  const seen = await watchAvailability(kubernetes, watched(stack), async () => {
    await update();
    // An update may end while the last old pod is still to be told to stop.
    for (const name of Object.keys(least)) await rolledOut(kubernetes, namespace, name);
  });
  assertNeverBelow(least, seen);
}

/**
 * Drains every node, and fails when that leaves a service or a worker pool fewer ready pods at any time than its disruption
 * budget asks for, or when no budget had to keep a pod back for a while.
 */
export async function assertDrainsInService(cluster: Cluster, stack: RunningStack): Promise<void> {
  const { kubernetes } = cluster;
  const { namespace } = stack;
  const least = await leastOfEach(stack, async ({ name }) => {
    const { status } = await kubernetes.policy.readNamespacedPodDisruptionBudget({ namespace, name });
    return status?.desiredHealthy ?? 0;
  });
  const printed: string[] = [];
  const seen = await watchAvailability(kubernetes, watched(stack), async () => {
    const pools = [...(await nodePools(cluster)).values()];
    printed.push(...(await Promise.all(pools.map((nodes) => drainPool(cluster, nodes)))));
    await settledPods(kubernetes, namespace);
  });
  assertNeverBelow(least, seen);
  const keptBack = (name: string) => new RegExp(`evicting pods/"${name}-[^"]*".*violate the pod's disruption budget`);
  const neverKeptBack = Object.keys(least).filter((name) => !keptBack(name).test(printed.join("")));
  assert.deepEqual(neverKeptBack, []);
}

interface Workload {
  readonly name: string;
  readonly surge: Surge;
  /** How its ready pods are counted: by its Service, or, where it has none, by its label. */
  readonly by: keyof Pick<Watched, "services" | "apps">;
}

function workloads({ release, pools }: RunningStack): Workload[] {
  return [
    ...serviceNames.map((service) => ({
      name: `${release}-${service}`,
      surge: services[service].surge,
      by: "services" as const,
    })),
    ...pools.map((pool) => ({
      name: `${release}-${workerComponent(pool)}`,
      surge: workerSurge,
      by: "apps" as const,
    })),
  ];
}

function watched(stack: RunningStack): Watched {
  const names = (wanted: Workload["by"]) =>
    workloads(stack)
      .filter(({ by }) => by === wanted)
      .map(({ name }) => name);
  return { namespace: stack.namespace, services: names("services"), apps: names("apps") };
}

async function leastOfEach(stack: RunningStack, least: (workload: Workload) => Promise<number>): Promise<Least> {
  const entries = workloads(stack).map(async (workload) => [workload.name, await least(workload)] as const);
  return Object.fromEntries(await Promise.all(entries));
}
