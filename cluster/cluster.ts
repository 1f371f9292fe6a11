import { getCluster } from "@pulumi/aws/eks/getCluster";
import { Provider as AwsProvider } from "@pulumi/aws/provider";
import { Provider } from "@pulumi/kubernetes/provider";
import type * as pulumi from "@pulumi/pulumi";
import { clusterArn, connectEks, type EksClusterArgs, type FoundCluster } from "./eks";
import type { ClientArgs } from "./kubernetesClient";
import { connectLocal, type LocalClusterArgs } from "./local";
import { errorText } from "./userError";

export type ClusterArgs = EksClusterArgs | LocalClusterArgs;

/** How to reach exactly one cluster. */
export interface ClusterConnection extends ClientArgs {
  /** What the cluster is to Pulumi: it stays the same when the endpoint or the credentials change. */
  readonly identifier: string;
}

/** Finds the stack's cluster and makes sure that it is the right one and answers, before anything is registered. */
export async function connectCluster(args: ClusterArgs, namespace: string): Promise<ClusterConnection> {
  return args.kind === "eks"
    ? { ...(await connectEks(args, namespace, () => lookUp(args))), identifier: clusterArn(args) }
    : { ...(await connectLocal(args)), identifier: args.context };
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

/** Looks the cluster up with the AWS provider. Its one error comes in a list with a head. */
async function lookUp(args: EksClusterArgs): Promise<FoundCluster> {
  const provider = new AwsProvider("aws", {
    region: args.region,
    allowedAccountIds: [args.account],
    ...(args.profile && { profile: args.profile }),
    ...(args.role && { assumeRoles: [{ roleArn: args.role }] }),
  });
  const found = await getCluster({ name: args.name }, { provider }).catch((error: unknown) => {
    throw new Error(
      errorText(error)
        .replace(/^[\s\S]*error occurred:\s*\* /, "")
        .trim()
        .replace(/\s*\n\s*/g, " "),
    );
  });
  return { ...found, certificateAuthority: found.certificateAuthorities[0]?.data ?? "" };
}
