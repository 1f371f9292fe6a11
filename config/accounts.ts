/** The Pulumi project; Pulumi.yaml names it too, and a test compares the two. */
export const projectName = "datasets-server";

const region = "us-east-1";

/** Where the engine keeps the state of all stacks. Its name holds the account's id: bucket names are the world's own. */
export const stateBucket = { name: "datasets-server-pulumi-state-707930574880", region } as const;

/** The state's address as the engine takes it; Pulumi.yaml holds it too, and a test compares the two. */
export const stateUrl = `s3://${stateBucket.name}?region=${stateBucket.region}`;

/** The tag of what is made for the project in its account. */
export const projectTag = { key: "Project", value: projectName } as const;

/** The KMS key of a cluster's secrets. One a cluster, so that who may read ephemeral's secrets cannot read production's. */
export function secretsKey(cluster: string): { readonly alias: string; readonly region: string } {
  return { alias: `alias/datasets-server-${cluster}`, region };
}

/** The key's address as the engine takes it, and as it writes it into a stack file. */
export function secretsProviderUrl(cluster: string): string {
  return `awskms://${secretsKey(cluster).alias}?region=${region}`;
}
