import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { makeInformer, type V1EndpointSlice, type V1Pod } from "@kubernetes/client-node";
import type { Surge } from "../../../catalog/rollouts";
import { missingPods } from "../../../components/workloads/rollout";
import { isReady, type Kubernetes } from "./kubernetes";
import { whileWatching } from "./watching";

/** Whose ready pods are counted. */
export interface Watched {
  readonly namespace: string;
  /** Services, counted as a load balancer sees them: by the ready endpoints of their EndpointSlices. Default: none. */
  readonly services?: readonly string[];
  /** Values of the label `app` of pods that have no Service, and are counted themselves. Default: none. */
  readonly apps?: readonly string[];
}

/** UIDs of the ready pods of one service or app: those of the beginning, and those after each change, in order. */
export type Availability = readonly ReadonlySet<string>[];

/** The least number of ready pods that each service or app must have, by its name. */
export type Least = Readonly<Record<string, number>>;

/** Time for the watch to tell what a list tells already; milliseconds. */
const catchUpLimitMs = 10_000;

/**
 * Follows which pods are ready, from before `action` until it has ended and the watch has told all that came of it.
 *
 * @throws what `action` throws, and when the watch broke or fell behind.
 */
export async function watchAvailability(
  { config, core, discovery }: Kubernetes,
  { namespace, services = [], apps = [] }: Watched,
  action: () => Promise<unknown>,
): Promise<ReadonlyMap<string, Availability>> {
  const listSlices = () => discovery.listNamespacedEndpointSlice({ namespace });
  const listPods = () => core.listNamespacedPod({ namespace });
  const slices = makeInformer(config, `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`, listSlices);
  const pods = makeInformer(config, `/api/v1/namespaces/${namespace}/pods`, listPods);

  const readyOf = (allSlices: readonly V1EndpointSlice[], allPods: readonly V1Pod[]) =>
    new Map([
      ...services.map((service) => [service, readyEndpoints(allSlices, service)] as const),
      ...apps.map((app) => [app, readyPods(allPods, app)] as const),
    ]);
  const told = () => readyOf(slices.list(), pods.list());
  const listed = async () => readyOf((await listSlices()).items, (await listPods()).items);

  const seen = new Map([...services, ...apps].map((name) => [name, [] as ReadonlySet<string>[]]));
  const look = () => {
    for (const [name, ready] of told()) {
      const history = seen.get(name);
      if (!isDeepStrictEqual(history?.at(-1), ready)) history?.push(ready);
    }
  };
  await whileWatching([slices, pods], async () => {
    look();
    slices.on("change", look);
    pods.on("change", look);
    await action();
    const deadline = Date.now() + catchUpLimitMs;
    while (!isDeepStrictEqual(told(), await listed())) {
      if (Date.now() > deadline) throw new Error("the watch of ready pods does not tell what the API server has");
      await sleep(100);
    }
  });
  return seen;
}

/**
 * Fails when one of them ever had fewer ready pods than its least, or kept a pod from beginning to end: then the watch has
 * not seen the whole of what happened to it.
 */
export function assertNeverBelow(least: Least, seen: ReadonlyMap<string, Availability>): void {
  const faults = Object.entries(least).flatMap(([name, minimum]) => {
    const availability = seen.get(name) ?? [new Set()];
    const counts = availability.map(({ size }) => size);
    const kept = [...(availability.at(0) ?? [])].filter((uid) => availability.at(-1)?.has(uid)).length;
    return [
      ...(minimum > 0 ? [] : [`${name}: none of its pods need be there`]),
      ...(Math.min(...counts) >= minimum ? [] : [`${name}: fewer than ${minimum} ready pods: ${counts.join(", ")}`]),
      ...(kept === 0 ? [] : [`${name}: ${kept} of ${counts[0]} pods were there from beginning to end`]),
    ];
  });
  assert.deepEqual(faults, []);
}

/** The fewest ready pods that a rollout leaves. */
export function leastReady(surge: Surge, replicas: number): number {
  return replicas - missingPods(surge, replicas);
}

function readyEndpoints(slices: readonly V1EndpointSlice[], service: string): ReadonlySet<string> {
  const endpoints = slices
    .filter(({ metadata }) => metadata?.labels?.["kubernetes.io/service-name"] === service)
    .flatMap((slice) => slice.endpoints ?? []);
  const ready = endpoints.filter(({ conditions }) => conditions?.ready === true);
  return new Set(ready.map(({ targetRef }) => targetRef?.uid ?? ""));
}

function readyPods(pods: readonly V1Pod[], app: string): ReadonlySet<string> {
  const ready = pods.filter(
    (pod) => pod.metadata?.labels?.app === app && pod.metadata.deletionTimestamp === undefined && isReady(pod),
  );
  return new Set(ready.map(({ metadata }) => metadata?.uid ?? ""));
}
