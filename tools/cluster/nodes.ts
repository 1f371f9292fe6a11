import type { V1Node } from "@kubernetes/client-node";

/** The sizes of the machines that stand for production's node groups. */
const instanceTypes = {
  "m6i.2xlarge": { cpu: 8, memoryGi: 32 },
  "m6i.4xlarge": { cpu: 16, memoryGi: 64 },
  "m6i.8xlarge": { cpu: 32, memoryGi: 128 },
  "m6i.16xlarge": { cpu: 64, memoryGi: 256 },
  "r6i.4xlarge": { cpu: 16, memoryGi: 128 },
  "r6i.8xlarge": { cpu: 32, memoryGi: 256 },
} as const;

interface NodePool {
  /** The end of the pool's role label and of its taint. Without it the nodes have neither, and take any pod. */
  readonly role?: string;
  readonly instanceType: keyof typeof instanceTypes;
}

/**
 * One node of each pool in each zone. Sized for production's services at full size with room for a rollout, and for
 * its workers at the least size of their autoscalers. A search pod fills its node, so a fourth one stays pending.
 */
const pools = {
  general: { instanceType: "m6i.8xlarge" },
  services: { role: "datasets-server", instanceType: "m6i.4xlarge" },
  api: { role: "datasets-server-api", instanceType: "m6i.8xlarge" },
  rows: { role: "datasets-server-rows", instanceType: "r6i.4xlarge" },
  search: { role: "datasets-server-search", instanceType: "m6i.16xlarge" },
  webhook: { role: "datasets-server-webhook", instanceType: "m6i.4xlarge" },
  worker: { role: "datasets-server-worker", instanceType: "r6i.8xlarge" },
  "worker-light": { role: "datasets-server-worker-light", instanceType: "m6i.2xlarge" },
} as const satisfies Record<string, NodePool>;

const region = "us-east-1";
const zones = [`${region}a`, `${region}b`, `${region}c`] as const;

/** What an EKS node keeps back for itself, rounded up. */
const reserved = { cpu: 1, memoryGi: 4 };
const podsPerNode = "110";
const ephemeralStorage = "2Ti";

/** The simulated nodes of the local cluster: every pool of production and an untainted one, over three zones. */
export function localNodes(): V1Node[] {
  return Object.entries(pools).flatMap(([name, pool]) => zones.map((zone) => node(`${name}-${zone}`, zone, pool)));
}

function node(name: string, zone: string, pool: NodePool): V1Node {
  const { cpu, memoryGi } = instanceTypes[pool.instanceType];
  const { role } = pool;
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: {
      name,
      annotations: { "kwok.x-k8s.io/node": "fake" },
      labels: {
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "node.kubernetes.io/instance-type": pool.instanceType,
        "topology.kubernetes.io/region": region,
        "topology.kubernetes.io/zone": zone,
        ...(role === undefined ? {} : { [`role-${role}`]: "true" }),
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
  return { cpu: `${cpu}`, memory: `${memoryGi}Gi`, "ephemeral-storage": ephemeralStorage, pods: podsPerNode };
}
