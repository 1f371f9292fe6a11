import * as assert from "node:assert/strict";
import { z } from "zod";
import { serviceNames } from "../../../catalog/services";
import { type Inventory, objectId, type Workload } from "../../../policy/inventory";
import { isWithin } from "../../../policy/network";
import type { Endpoint } from "../../support/network";
import { type Stack, stackSetting } from "./stacks";

/** What an end of a flow is; the expected flows are told by these. */
export type Role =
  | "own pod"
  | "web service"
  | "worker"
  | "own MongoDB"
  | "Prometheus"
  | "load balancer"
  | "cluster DNS"
  | "node-local DNS"
  | "Pod Identity"
  | "internet"
  | "database range"
  | "stranger";

export interface NamedEndpoint {
  readonly name: string;
  readonly roles: readonly Role[];
  readonly endpoint: Endpoint;
}

const networkSetting = z.object({
  loadBalancerCidrs: z.array(z.string()),
  prometheusNamespace: z.string(),
  mongo: z.object({ cidrs: z.array(z.string()) }).optional(),
  podIdentity: z.boolean().default(false),
});

/** What the stack's file says of the network. */
export function networkOf(stack: Stack) {
  return networkSetting.parse(stackSetting(stack, "network"));
}

/** One pod of each workload of the stack. */
export function ownPods({ workloads, facts }: Inventory): NamedEndpoint[] {
  return workloads.map((workload, index) => ({
    name: objectId(workload.object),
    roles: ["own pod", ...ownRoles(workload)],
    endpoint: {
      kind: "pod",
      namespace: facts.namespace,
      labels: workload.labels,
      address: `100.64.0.${index + 1}`,
      ports: workload.pod.containers.flatMap(({ ports }) =>
        ports.flatMap(({ name, ...port }) => (name === undefined ? [] : [{ name, ...port }])),
      ),
    },
  }));
}

/** Who else there is on the cluster, that may want something from the stack or be wanted. */
export function others({ facts }: Inventory, stack: Stack): NamedEndpoint[] {
  const network = networkOf(stack);
  const pod = (namespace: string, labels: Record<string, string>, address: string): Endpoint => ({
    kind: "pod",
    namespace,
    labels,
    address,
  });
  const anotherStacks = {
    app: "datasets-server-pr-8-api",
    "app.kubernetes.io/instance": "datasets-server-pr-8",
    "app.kubernetes.io/component": "api",
  };
  const found: NamedEndpoint[] = [
    place("a pod without labels in the namespace", ["stranger"], pod(facts.namespace, {}, "100.64.1.1")),
    place("another stack's pod in the namespace", ["stranger"], pod(facts.namespace, anotherStacks, "100.64.1.2")),
    place("a pod of another namespace", ["stranger"], pod("another", anotherStacks, "100.64.2.1")),
    place("Prometheus", ["Prometheus"], pod(network.prometheusNamespace, { app: "prometheus" }, "100.64.3.1")),
    place("the cluster's DNS", ["cluster DNS"], pod("kube-system", { "k8s-app": "kube-dns" }, "100.64.4.1")),
    ...network.loadBalancerCidrs.map((cidr) =>
      place(`a load balancer in ${cidr}`, ["load balancer"], at(inside(cidr))),
    ),
    place("a node", ["stranger"], at("172.31.0.5")),
    place("the node-local DNS", ["node-local DNS"], at("169.254.20.10")),
    place("the metadata service", ["stranger"], at("169.254.169.254")),
    place("Pod Identity", ["Pod Identity"], at("169.254.170.23")),
    place("another address of the VPC", ["stranger"], at("192.168.7.8")),
    place("the internet", ["internet"], at("198.51.100.7")),
    ...(network.mongo?.cidrs ?? ["203.0.113.27/32"]).map((cidr) =>
      place(
        `a database in ${cidr}`,
        cidr === "0.0.0.0/0" || cidr === "203.0.113.27/32" ? ["internet"] : [],
        at(inside(cidr)),
      ),
    ),
  ];
  return found.map((other) =>
    isDatabase(other, stack) ? { ...other, roles: [...other.roles, "database range"] } : other,
  );
}

/** Whether the stack has a MongoDB of its own. */
export function hasOwnDatabase({ statefulSets }: Inventory): boolean {
  return statefulSets.length > 0;
}

function ownRoles({ object }: Workload): Role[] {
  const component = object.metadata.labels["app.kubernetes.io/component"] ?? assert.fail(objectId(object));
  const services: readonly string[] = serviceNames;
  return [
    ...(services.includes(component) ? ["web service" as const] : []),
    ...(component.startsWith("worker-") ? ["worker" as const] : []),
    ...(component === "mongodb" ? ["own MongoDB" as const] : []),
  ];
}

function isDatabase({ endpoint }: NamedEndpoint, stack: Stack): boolean {
  return networkOf(stack).mongo?.cidrs.some((cidr) => isWithin(endpoint.address, cidr)) ?? false;
}

function place(name: string, roles: readonly Role[], endpoint: Endpoint): NamedEndpoint {
  return { name, roles, endpoint };
}

function at(address: string): Endpoint {
  return { kind: "address", address };
}

/** An address in a range: a public one where the range is everything. */
function inside(cidr: string): string {
  const [network = ""] = cidr.split("/");
  return network === "0.0.0.0" ? "203.0.113.27" : network;
}
