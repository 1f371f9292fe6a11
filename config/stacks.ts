import { environmentStack } from "../catalog/names";

/** The clusters that stacks of a fixed name live on. `local` is a Kubernetes API on the user's own machine. */
const clusterNames = ["hub-prod", "hub-ephemeral", "local"] as const;

export type ClusterName = (typeof clusterNames)[number];

export const stackKinds = ["prod", "ephemeral", "local", "pr-N", "prod-CLUSTER"] as const;

/** Where a stack belongs and what its objects are called. */
export interface StackIdentity {
  readonly stack: string;
  /** The word stack files list it by: its own name, or that of its sort: `pr-N`, `prod-CLUSTER`. */
  readonly kind: (typeof stackKinds)[number];
  readonly clusters: readonly string[];
  readonly namespace: string;
  /** The prefix of every object's name. */
  readonly release: string;
  /** The pull request's number, where it is a pull request's. */
  readonly number?: number;
}

/** Names of clusters; short, so that the name of a load balancer, at most 32 characters, has room for `prod-CLUSTER-int`. */
export const clusterName = /^[a-z]([a-z0-9-]{0,21}[a-z0-9])?$/;

const fixedStacks: Readonly<Record<Exclude<StackIdentity["kind"], "pr-N" | "prod-CLUSTER">, ClusterName>> = {
  prod: "hub-prod",
  ephemeral: "hub-ephemeral",
  local: "local",
};

function isFixedStack(stack: string): stack is keyof typeof fixedStacks {
  return Object.hasOwn(fixedStacks, stack);
}

/** The identity of a stack by its name; undefined for a name that is none of ours. */
export function identifyStack(stack: string): StackIdentity | undefined {
  const namespace = "datasets-server";
  if (isFixedStack(stack)) {
    return { stack, kind: stack, clusters: [fixedStacks[stack]], namespace, release: `datasets-server-${stack}` };
  }
  const cluster = clusterOfSecondProduction(stack);
  if (cluster) {
    // On a cluster of its own, so its objects are called as production's are.
    return { stack, kind: "prod-CLUSTER", clusters: [cluster], namespace, release: "datasets-server-prod" };
  }
  const [, number] = environmentStack.exec(stack) ?? [];
  if (number !== undefined) {
    const name = `datasets-server-${stack}`;
    const clusters = ["hub-ephemeral", "local"];
    return { stack, kind: "pr-N", clusters, namespace: name, release: name, number: Number(number) };
  }
  return undefined;
}

/** The cluster that a stack's name says production moves to; never one that has a stack of its own. */
function clusterOfSecondProduction(stack: string): string | undefined {
  const [, cluster = ""] = /^prod-(.*)$/.exec(stack) ?? [];
  const taken: readonly string[] = clusterNames;
  return clusterName.test(cluster) && !taken.includes(cluster) ? cluster : undefined;
}
