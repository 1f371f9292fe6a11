import { clusterArn, type EksClusterArgs } from "./cluster";

/** What AWS says when a lookup fails, and what it means for the user, with the next step. */
const meanings: readonly (readonly [says: RegExp, meaning: (args: EksClusterArgs) => string])[] = [
  [
    /AWS account ID not allowed/,
    (args) => `The credentials are another account's, and only ${args.account} may be touched. ${signIn(args)}`,
  ],
  [
    /AccessDenied/,
    (args) =>
      `The identity in use may not eks:DescribeCluster on ${clusterArn(args)}; docs/access.md has the policy that it ` +
      `needs. Whose it is: ${askIdentity(args)}`,
  ],
  [
    /couldn't find resource|ResourceNotFound/,
    ({ name, region }) =>
      `There is no cluster of that name there. Check cluster.name, cluster.region and cluster.account of the stack file; ` +
      `with the right to do it, aws eks describe-cluster --name ${name} --region ${region} says the same.`,
  ],
  [/ExpiredToken|has expired|is expired/, (args) => `The credentials have expired. ${signIn(args)}`],
];

/** The whole message for a user whose EKS cluster could not be looked up; `cause` is what the provider says. */
export function lookupFailure(args: EksClusterArgs, cause: string): string {
  // The provider puts a list around its one error.
  const said = cause.replace(/^[\s\S]*error occurred:\s*\* /, "").trim();
  const [, meaning] = meanings.find(([says]) => says.test(said)) ?? [];
  const next = meaning?.(args) ?? `Check the credentials with: ${askIdentity(args)}`;
  const where = `EKS cluster ${args.name} in ${args.region} of account ${args.account}`;
  return `cannot look up ${where}; nothing was touched: ${said}\n${next}`;
}

/** The command that says whose credentials are in use. */
export function askIdentity({ profile }: EksClusterArgs): string {
  return `aws sts get-caller-identity${profile ? ` --profile=${profile}` : ""}`;
}

function signIn(args: EksClusterArgs): string {
  const { profile = args.teamProfile } = args;
  return `Sign in again, such as with: aws sso login --profile=${profile}; then ${askIdentity(args)} says who you are.`;
}
