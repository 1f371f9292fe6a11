import type { ClusterName } from "./stacks";

/** The Pulumi project; Pulumi.yaml names it too, and a test compares the two. */
export const projectName = "datasets-server";

const region = "us-east-1";

/** Where the engine keeps the state of all stacks. Its name holds the account's id: bucket names are the world's own. */
export const stateBucket = { name: "datasets-server-pulumi-state-707930574880", region } as const;

/** The state's address as the engine takes it; Pulumi.yaml holds it too, and a test compares the two. */
export const stateUrl = `s3://${stateBucket.name}?region=${stateBucket.region}`;

/** One KMS key a cluster, so that who may read ephemeral's secrets cannot read production's. */
export const secretsKeys = {
  "hub-prod": { alias: "alias/datasets-server-hub-prod", region },
  "hub-ephemeral": { alias: "alias/datasets-server-hub-ephemeral", region },
} as const satisfies Readonly<Record<Exclude<ClusterName, "local">, { alias: string; region: string }>>;

/** A cluster whose stacks keep their secrets with a KMS key. */
export type KeyedCluster = keyof typeof secretsKeys;

/** The key's address as the engine takes it, and as it writes it into a stack file. */
export function secretsProviderUrl(cluster: KeyedCluster): string {
  const { alias, region } = secretsKeys[cluster];
  return `awskms://${alias}?region=${region}`;
}
