/** The clusters a stack may live on. `local` is a Kubernetes API on the user's own machine. */
export const clusterNames = ["hub-prod", "hub-ephemeral", "local"] as const;

export type ClusterName = (typeof clusterNames)[number];

export const stackKinds = ["prod", "ephemeral", "local", "pr-N"] as const;

/** Where a stack belongs and what its objects are called. */
export interface StackIdentity {
  readonly stack: string;
  /** The word stack files list it by: its own name, or `pr-N` for every pull request. */
  readonly kind: (typeof stackKinds)[number];
  readonly clusters: readonly ClusterName[];
  readonly namespace: string;
  /** The prefix of every object's name. */
  readonly release: string;
}

/** The numbers a pull request may have: GitHub counts from 1, and names must keep within Kubernetes' limits. */
const pullRequestStack = /^pr-([1-9]\d{0,5})$/;

const fixedStacks: Readonly<Record<Exclude<StackIdentity["kind"], "pr-N">, ClusterName>> = {
  prod: "hub-prod",
  ephemeral: "hub-ephemeral",
  local: "local",
};

function isFixedStack(stack: string): stack is keyof typeof fixedStacks {
  return Object.hasOwn(fixedStacks, stack);
}

/** The identity of a stack by its name; undefined for a name that is none of ours. */
export function identifyStack(stack: string): StackIdentity | undefined {
  if (isFixedStack(stack)) {
    const namespace = "datasets-server";
    return { stack, kind: stack, clusters: [fixedStacks[stack]], namespace, release: `datasets-server-${stack}` };
  }
  if (pullRequestStack.test(stack)) {
    const name = `datasets-server-${stack}`;
    return { stack, kind: "pr-N", clusters: ["hub-ephemeral", "local"], namespace: name, release: name };
  }
  return undefined;
}
