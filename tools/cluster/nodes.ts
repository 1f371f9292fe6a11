import type { V1Node } from "@kubernetes/client-node";
import { simulated } from "./config";

interface NodePool {
  /** The end of the pool's role label and of its taint. Without it the nodes have neither, and take any pod. */
  readonly role?: string;
  readonly instanceType: string;
  readonly cpu: number;
  readonly memoryGi: number;
}

/**
 * One node of each pool in each zone, as large as the machines of production's node groups. Sized for production's
 * services at full size with room for a rollout, and for its workers at the least size of their autoscalers. A search
 * pod fills its node, so a fourth one stays pending.
 */
const pools: Readonly<Record<string, NodePool>> = {
  general: { instanceType: "m6i.8xlarge", cpu: 32, memoryGi: 128 },
  services: { role: "datasets-server", instanceType: "m6i.4xlarge", cpu: 16, memoryGi: 64 },
  api: { role: "datasets-server-api", instanceType: "m6i.8xlarge", cpu: 32, memoryGi: 128 },
  rows: { role: "datasets-server-rows", instanceType: "r6i.4xlarge", cpu: 16, memoryGi: 128 },
  search: { role: "datasets-server-search", instanceType: "m6i.16xlarge", cpu: 64, memoryGi: 256 },
  webhook: { role: "datasets-server-webhook", instanceType: "m6i.4xlarge", cpu: 16, memoryGi: 64 },
  worker: { role: "datasets-server-worker", instanceType: "r6i.8xlarge", cpu: 32, memoryGi: 256 },
  "worker-light": { role: "datasets-server-worker-light", instanceType: "m6i.2xlarge", cpu: 8, memoryGi: 32 },
};

const region = "us-east-1";
const zones = [`${region}a`, `${region}b`, `${region}c`];

/** What an EKS node keeps back for itself, rounded up. */
const reserved = { cpu: 1, memoryGi: 4 };

/** Returns the simulated nodes of the local cluster: every pool of production and an untainted one, over three zones. */
export function localNodes(): V1Node[] {
  return Object.entries(pools).flatMap(([name, pool]) => zones.map((zone) => node(`${name}-${zone}`, zone, pool)));
}

/** Returns the labels, each as `name=value`, that make one node of all pools. */
export function realNodeLabels(): string[] {
  const roles = Object.values(pools).flatMap(({ role }) => (role === undefined ? [] : [`role-${role}=true`]));
  return [...new Set(roles), `topology.kubernetes.io/region=${region}`, `topology.kubernetes.io/zone=${zones[0]}`];
}

function node(name: string, zone: string, { role, instanceType, cpu, memoryGi }: NodePool): V1Node {
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: {
      name,
      annotations: { [simulated.annotation]: simulated.value },
      labels: {
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "node.kubernetes.io/instance-type": instanceType,
        "topology.kubernetes.io/region": region,
        "topology.kubernetes.io/zone": zone,
        ...(role !== undefined && { [`role-${role}`]: "true" }),
      },
    },
    spec:
      role === undefined ? {} : { taints: [{ key: `huggingface.co/${role}`, value: "true", effect: "NoSchedule" }] },
    status: {
      capacity: resources(cpu, memoryGi),
      allocatable: resources(cpu - reserved.cpu, memoryGi - reserved.memoryGi),
    },
  };
}

function resources(cpu: number, memoryGi: number): Record<string, string> {
  return { cpu: `${cpu}`, memory: `${memoryGi}Gi`, "ephemeral-storage": "2Ti", pods: "110" };
}
