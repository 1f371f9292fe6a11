import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { getCluster } from "@pulumi/aws/eks/getCluster";
import { Provider as AwsProvider } from "@pulumi/aws/provider";
import { Provider } from "@pulumi/kubernetes/provider";
import type * as pulumi from "@pulumi/pulumi";
import { askIdentity, clusterArn, type EksClusterArgs, eksKubeconfig, lookupFailure } from "./eks";
import { checkReachable } from "./reachable";
import { UserError } from "./userError";

/** A Kubernetes API on this machine. */
export interface LocalClusterArgs {
  readonly kind: "local";
  readonly kubeconfigPath: string;
  readonly context: string;
}

export type ClusterArgs = EksClusterArgs | LocalClusterArgs;

/** How to reach exactly one cluster. */
export interface ClusterConnection {
  /** A kubeconfig's text, or its path. */
  readonly kubeconfig: string;
  readonly context: string;
  /** What the cluster is to Pulumi: it stays the same when the endpoint or the credentials change. */
  readonly identifier: string;
}

/** Finds the stack's cluster and makes sure that it is the right one and answers, before anything is registered. */
export function connectCluster(args: ClusterArgs, namespace: string): Promise<ClusterConnection> {
  return args.kind === "eks" ? connectEks(args, namespace) : connectLocal(args);
}

/** The one provider of Kubernetes objects: no ambient kubeconfig or context has any say. */
export function clusterProvider(
  name: string,
  { kubeconfig, context, identifier }: ClusterConnection,
  namespace: string,
  opts: pulumi.ResourceOptions,
): Provider {
  const args = {
    kubeconfig,
    context,
    clusterIdentifier: identifier,
    namespace,
    enableServerSideApply: true,
    // A changed Secret is updated in place; replacing it would take it away from running pods.
    enableSecretMutable: true,
  };
  return new Provider(name, args, opts);
}

async function connectEks(args: EksClusterArgs, namespace: string): Promise<ClusterConnection> {
  const provider = new AwsProvider("aws", {
    region: args.region,
    allowedAccountIds: [args.account],
    ...(args.profile && { profile: args.profile }),
    ...(args.role && { assumeRoles: [{ roleArn: args.role }] }),
  });
  const found = await getCluster({ name: args.name }, { provider }).catch((error: unknown) => {
    throw lookupFailure(args, error instanceof Error ? error.message : String(error));
  });
  const arn = clusterArn(args);
  if (found.arn !== arn) {
    throw new UserError(
      `the cluster found is ${found.arn}, but this stack belongs to ${arn}; no changes were made`,
      `see whose credentials are in use: ${askIdentity(args)}`,
    );
  }
  if (found.status !== "ACTIVE") {
    throw new UserError(
      `cluster ${args.name} is ${found.status}, and must be ACTIVE; no changes were made`,
      "run this again when it is",
    );
  }
  await checkReachable(found.endpoint, `see whether you are on the network that reaches ${args.name}`);
  const certificateAuthority = found.certificateAuthorities[0]?.data ?? "";
  return {
    kubeconfig: eksKubeconfig(args, { endpoint: found.endpoint, certificateAuthority, namespace }),
    context: args.context,
    identifier: arn,
  };
}

async function connectLocal(args: LocalClusterArgs): Promise<ClusterConnection> {
  const connection = { kubeconfig: args.kubeconfigPath, context: args.context, identifier: args.context };
  const next = "ds up";
  if (!existsSync(args.kubeconfigPath)) {
    throw new UserError(`the local cluster is not there (no kubeconfig at ${args.kubeconfigPath})`, next);
  }
  const text = await readFile(args.kubeconfigPath, "utf8");
  // As it was made; what kubectl has changed is YAML.
  const kubeconfig: { clusters: { cluster: { server: string } }[] } = text.startsWith("{")
    ? JSON.parse(text)
    : (await import("yaml")).parse(text);
  const server = kubeconfig.clusters[0]?.cluster.server ?? "";
  await checkReachable(server, `${next}, as the local cluster is down`);
  return connection;
}
