import assert from "node:assert/strict";
import { makeInformer, type V1EndpointSlice } from "@kubernetes/client-node";
import type { Kubernetes } from "./kubernetes";
import { whileWatching } from "./watching";

/** What was seen of a service while something happened to it. */
export interface Availability {
  /** The number of ready endpoints after each change of the service's EndpointSlices, in order. */
  readonly readyEndpoints: readonly number[];
}

/**
 * Counts the ready endpoints of a service, as a load balancer sees them, from before `action` until it has ended.
 *
 * @throws what `action` throws, and when the watch broke.
 */
export async function watchAvailability(
  kubernetes: Kubernetes,
  { namespace, service }: { readonly namespace: string; readonly service: string },
  action: () => Promise<unknown>,
): Promise<Availability> {
  const labelSelector = `kubernetes.io/service-name=${service}`;
  const informer = makeInformer(
    kubernetes.config,
    `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`,
    () => kubernetes.discovery.listNamespacedEndpointSlice({ namespace, labelSelector }),
    labelSelector,
  );
  const readyEndpoints: number[] = [];
  const count = () => readyEndpoints.push(countReady(informer.list()));
  await whileWatching([informer], () => {
    count();
    informer.on("change", count);
    return action();
  });
  return { readyEndpoints };
}

/** Fails when the service ever had fewer ready endpoints than `minimum`, or when nothing happened that could show it. */
export function assertNeverBelow(minimum: number, { readyEndpoints }: Availability): void {
  const history = `ready endpoints were ${readyEndpoints.join(", ")}`;
  assert.ok(readyEndpoints.length > 1, `no pod came or went: ${history}`);
  assert.ok(Math.min(...readyEndpoints) >= minimum, `fewer than ${minimum} ready endpoints: ${history}`);
}

function countReady(slices: readonly V1EndpointSlice[]): number {
  const endpoints = slices.flatMap((slice) => slice.endpoints ?? []);
  return endpoints.filter(({ conditions }) => conditions?.ready === true).length;
}
