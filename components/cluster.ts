import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { getCluster } from "@pulumi/aws/eks/getCluster";
import { Provider as AwsProvider } from "@pulumi/aws/provider";
import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { askIdentity, lookupFailure } from "./lookupFailure";
import { checkReachable } from "./reachable";
import { Refusal } from "./refusal";

/** A cluster of Amazon EKS. */
export interface EksClusterArgs {
  readonly kind: "eks";
  readonly name: string;
  readonly region: string;
  /** The only AWS account that may be touched. */
  readonly account: string;
  /** The AWS profile to use. Default: the environment's credentials, as in CI. */
  readonly profile?: string;
  /** The ARN of the IAM role to take on. Default: none. */
  readonly role?: string;
  /** The profile that the team's own commands name, such as tb. */
  readonly teamProfile: string;
  /** The context's name in the kubeconfig, such as hub-prod-with-tb. */
  readonly context: string;
}

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

export interface ConnectOptions {
  readonly namespace: string;
  /** Rendering objects needs no cluster, so it does not ask whether there is one. */
  readonly offline: boolean;
}

/** Finds the stack's cluster and makes sure that it is the right one and answers, before anything is registered. */
export function connectCluster(args: ClusterArgs, options: ConnectOptions): Promise<ClusterConnection> {
  return args.kind === "eks" ? connectEks(args, options) : connectLocal(args, options);
}

/** The one provider of Kubernetes objects: no ambient kubeconfig or context has any say. */
export function clusterProvider(
  name: string,
  { kubeconfig, context, identifier }: ClusterConnection,
  namespace: string,
  opts: pulumi.ResourceOptions,
): k8s.Provider {
  const args = {
    kubeconfig,
    context,
    clusterIdentifier: identifier,
    namespace,
    enableServerSideApply: true,
    // A changed Secret is updated in place; replacing it would take it away from running pods.
    enableSecretMutable: true,
  };
  return new k8s.Provider(name, args, opts);
}

/** The ARN that the cluster of these arguments must have. */
export function clusterArn({ region, account, name }: EksClusterArgs): string {
  return `arn:aws:eks:${region}:${account}:cluster/${name}`;
}

async function connectEks(args: EksClusterArgs, { namespace, offline }: ConnectOptions): Promise<ClusterConnection> {
  const provider = new AwsProvider("aws", {
    region: args.region,
    allowedAccountIds: [args.account],
    ...(args.profile && { profile: args.profile }),
    ...(args.role && { assumeRoles: [{ roleArn: args.role }] }),
  });
  const found = await getCluster({ name: args.name }, { provider }).catch((error: unknown) => {
    throw new Refusal(lookupFailure(args, error instanceof Error ? error.message : String(error)));
  });
  const arn = clusterArn(args);
  if (found.arn !== arn) {
    throw new Refusal(
      `the cluster found is ${found.arn}, but this stack belongs to ${arn}; nothing was touched.\n` +
        `Whose credentials are in use? ${askIdentity(args)}`,
    );
  }
  if (found.status !== "ACTIVE") {
    throw new Refusal(
      `cluster ${args.name} is ${found.status}, and must be ACTIVE; nothing was touched. Run again when it is.`,
    );
  }
  if (!offline) {
    await checkReachable(found.endpoint, `Are you on the network that reaches ${args.name}?`);
  }
  const certificateAuthority = found.certificateAuthorities[0]?.data ?? "";
  return {
    kubeconfig: eksKubeconfig(args, { endpoint: found.endpoint, certificateAuthority, namespace }),
    context: args.context,
    identifier: arn,
  };
}

async function connectLocal(args: LocalClusterArgs, { offline }: ConnectOptions): Promise<ClusterConnection> {
  const connection = { kubeconfig: args.kubeconfigPath, context: args.context, identifier: args.context };
  if (offline) {
    return connection;
  }
  const advice = "Start it with: make up";
  if (!existsSync(args.kubeconfigPath)) {
    throw new Refusal(`the local cluster is not there (no kubeconfig at ${args.kubeconfigPath}). ${advice}`);
  }
  const { parse } = await import("yaml");
  const kubeconfig: { clusters: { cluster: { server: string } }[] } = parse(
    await readFile(args.kubeconfigPath, "utf8"),
  );
  const server = kubeconfig.clusters[0]?.cluster.server ?? "";
  await checkReachable(server, `The local cluster is down. ${advice}`);
  return connection;
}

/** What only a lookup can tell of an EKS cluster, and the namespace that commands start in. */
export interface EksAccess {
  readonly endpoint: string;
  readonly certificateAuthority: string;
  readonly namespace: string;
}

/** A kubeconfig for one EKS cluster; each use asks AWS for a token, so it holds no secret. */
export function eksKubeconfig(args: EksClusterArgs, access: EksAccess): string {
  const arn = clusterArn(args);
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": args.context,
    clusters: [
      {
        name: arn,
        cluster: { server: access.endpoint, "certificate-authority-data": access.certificateAuthority },
      },
    ],
    contexts: [{ name: args.context, context: { cluster: arn, user: arn, namespace: access.namespace } }],
    users: [
      {
        name: arn,
        user: {
          exec: {
            apiVersion: "client.authentication.k8s.io/v1beta1",
            command: "aws",
            args: [
              ...["--region", args.region, "eks", "get-token", "--cluster-name", args.name, "--output", "json"],
              // In the arguments, because the environment's keys would win over the environment's profile.
              ...(args.profile ? ["--profile", args.profile] : []),
              ...(args.role ? ["--role-arn", args.role] : []),
            ],
            interactiveMode: "Never",
          },
        },
      },
    ],
  });
}
