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
  /** The profile that the team's own commands name, such as tb. */
  readonly teamProfile: string;
  /** The context's name in the kubeconfig, such as hub-prod-with-tb. */
  readonly context: string;
}

/** The ARN that the cluster of these arguments must have. */
export function clusterArn({ region, account, name }: EksClusterArgs): string {
  return `arn:aws:eks:${region}:${account}:cluster/${name}`;
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

/** What AWS says when a lookup fails, and the next step. */
const meanings: readonly (readonly [says: RegExp, meaning: (args: EksClusterArgs) => string])[] = [
  [
    /AWS account ID not allowed/,
    (args) => `${signIn(args)}; these credentials are another account's, and only ${args.account} may be touched`,
  ],
  [
    /AccessDenied/,
    (args) =>
      `ask for the policy of docs/access.md, as the identity in use may not eks:DescribeCluster on ${clusterArn(args)}; ` +
      `whose it is: ${askIdentity(args)}`,
  ],
  [
    /couldn't find resource|ResourceNotFound/,
    ({ name, region }) =>
      `check cluster.name, cluster.region and cluster.account of the stack file, as there is no cluster of that name ` +
      `there; with permission for it, aws eks describe-cluster --name ${name} --region ${region} says the same`,
  ],
  [/ExpiredToken|has expired|is expired/, (args) => `${signIn(args)}; the credentials have expired`],
];

/** The whole message for a user whose EKS cluster could not be looked up; `cause` is what the provider says. */
export function lookupFailure(args: EksClusterArgs, cause: string): UserError {
  // The provider puts a list around its one error.
  const said = cause.replace(/^[\s\S]*error occurred:\s*\* /, "").trim();
  const [, meaning] = meanings.find(([says]) => says.test(said)) ?? [];
  const next = meaning?.(args) ?? `check the credentials with: ${askIdentity(args)}`;
  const where = `EKS cluster ${args.name} in ${args.region} of account ${args.account}`;
  return new UserError(`cannot look up ${where}; no changes were made: ${said}`, next);
}

/** The command that says whose credentials are in use. */
export function askIdentity({ profile }: EksClusterArgs): string {
  return `aws sts get-caller-identity${profile ? ` --profile=${profile}` : ""}`;
}

function signIn(args: EksClusterArgs): string {
  const { profile = args.teamProfile } = args;
  return `sign in again, such as with: aws sso login --profile=${profile} (${askIdentity(args)} says who you are)`;
}
