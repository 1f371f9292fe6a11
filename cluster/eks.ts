import { askIdentity, awsError } from "./awsErrors";
import type { ClientArgs } from "./kubernetesClient";
import { checkReachable } from "./reachable";
import { UserError } from "./userError";

/** A cluster of Amazon EKS. */
export interface EksClusterArgs {
  readonly kind: "eks";
  readonly name: string;
  readonly region: string;
  /** The only AWS account that may be touched. */
  readonly account: string;
  /** The AWS profile to use. Default: the environment's credentials, as in CI. */
  readonly profile?: string;
  /** The ARN of the IAM role to assume. Default: none. */
  readonly role?: string;
  /** The context's name in the kubeconfig, such as hub-prod-with-tb. */
  readonly context: string;
}

/** Returns the ARN that the cluster of these arguments must have. */
export function clusterArn({ region, account, name }: EksClusterArgs): string {
  return `arn:aws:eks:${region}:${account}:cluster/${name}`;
}

/** What only a lookup can tell of an EKS cluster, and the namespace that commands start in. */
export interface EksAccess {
  readonly endpoint: string;
  readonly certificateAuthority: string;
  readonly namespace: string;
}

/** Returns a kubeconfig for one EKS cluster; each use asks AWS for a token, so it holds no secret. */
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

/** What AWS says of a cluster. */
export interface FoundCluster {
  readonly arn: string | undefined;
  readonly status: string | undefined;
  readonly endpoint: string;
  readonly certificateAuthority: string;
}

/**
 * Returns how to reach the EKS cluster of a stack, after it was found to be the right one, ready and within reach.
 *
 * @param lookUp asks AWS for the cluster of that name, and for no list of clusters
 */
export async function connectEks(
  args: EksClusterArgs,
  namespace: string,
  lookUp: () => Promise<FoundCluster>,
): Promise<ClientArgs> {
  const { name, region, account, profile, context } = args;
  const { endpoint, certificateAuthority, ...found } = await lookUp().catch((error: unknown) => {
    throw awsError(
      `look up EKS cluster ${name} in ${region} of account ${account}; no changes were made`,
      error,
      profile,
    );
  });
  const arn = clusterArn(args);
  if (found.arn !== arn) {
    throw new UserError(
      `the cluster found is ${found.arn}, but this stack belongs to ${arn}; no changes were made`,
      `see whose credentials are in use: ${askIdentity(profile)}`,
    );
  }
  if (found.status !== "ACTIVE") {
    throw new UserError(
      `cluster ${name} is ${found.status}, and must be ACTIVE; no changes were made`,
      "run this again when it is",
    );
  }
  const next = `see whether you are on the network that reaches ${name} (VPN)`;
  await checkReachable(endpoint, next, { certificateAuthority });
  return { kubeconfig: eksKubeconfig(args, { endpoint, certificateAuthority, namespace }), context };
}
