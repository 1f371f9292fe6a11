import { z } from "zod";
import { errorName } from "../../cluster/awsErrors";
import type { EksClusterArgs } from "../../cluster/eks";
import type { ClientArgs } from "../../cluster/kubernetesClient";
import { UserError } from "../../cluster/userError";
import { run } from "../../tools/run";
import { eksClient, stsClient } from "../aws/clients";
import { clusterCredentials, identifyCaller } from "../aws/credentials";
import { askForImages, type ImageUser, mutableRepositories } from "../aws/images";
import { parseJson } from "../lib/json";
import { type Findings, notOk, ok } from "./checkRunner";

/** Credentials that end sooner may end during a deploy; minutes. */
const shortMinutes = 15;

/** Tells whose the credentials of the stack's cluster are, and how long they last. */
export async function checkIdentity(
  cluster: EksClusterArgs,
  credentials = clusterCredentials(cluster),
): Promise<Findings> {
  const sts = stsClient(cluster.region, credentials);
  const arn = await identifyCaller(sts, cluster.account);
  const { expiration } = await sts.config.credentials();
  if (expiration === undefined) {
    return ok(`${arn}, with credentials that do not expire by themselves`);
  }
  const minutes = Math.floor((expiration.getTime() - Date.now()) / 60_000);
  const found = `${arn}, for ${minutes} min (until ${expiration.toISOString()})`;
  return minutes >= shortMinutes
    ? ok(found)
    : notOk("warning", found, "sign in again before a deploy, which may take longer");
}

const execKubeconfig = z.looseObject({
  users: z.tuple([
    z.object({
      name: z.string(),
      user: z.object({ exec: z.object({ command: z.string(), args: z.array(z.string()) }) }),
    }),
  ]),
});

const execCredential = z.object({ status: z.object({ token: z.string().min(1), expirationTimestamp: z.string() }) });

/**
 * Gets a token by the very command of the stack's kubeconfig. It is never shown: the value is that kubeconfig with the token in
 * place of the command.
 */
export async function checkToken(
  { kubeconfig, context }: ClientArgs,
  environment: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<Findings<ClientArgs>> {
  const withCommand = execKubeconfig.parse(JSON.parse(kubeconfig));
  const [{ name, user }] = withCommand.users;
  const { command, args } = user.exec;
  const shown = [command, ...args].join(" ");
  const { code, stdout, stderr } = await run(command, args, { env: environment, signal });
  if (code !== 0) {
    throw new UserError(`${shown} ended with exit code ${code}: ${stderr.trim()}`);
  }
  const credential = execCredential.safeParse(parseJson(stdout));
  if (!credential.success) {
    throw new UserError(`${shown} did not print a token`);
  }
  const { token, expirationTimestamp } = credential.data.status;
  const withToken = JSON.stringify({ ...withCommand, users: [{ name, user: { token } }] });
  return ok(`${shown} gives one until ${expirationTimestamp}`, { kubeconfig: withToken, context });
}

const addonConfiguration = z.looseObject({ enableNetworkPolicy: z.union([z.string(), z.boolean()]).optional() });

/**
 * Tells whether the cluster enforces network policies. On EKS that is a setting of an add-on, which few may read: nothing that
 * a namespace's own permissions show would tell.
 */
export async function checkNetworkPolicies(cluster: EksClusterArgs): Promise<Findings> {
  const { name, region } = cluster;
  const request = { clusterName: name, addonName: "vpc-cni" };
  try {
    const { addon = {} } = await eksClient(cluster).describeAddon(request);
    const { enableNetworkPolicy } = addonConfiguration.parse(parseJson(addon.configurationValues ?? "{}"));
    const found = `the add-on vpc-cni ${addon.addonVersion} has enableNetworkPolicy ${enableNetworkPolicy ?? "unset"}`;
    return String(enableNetworkPolicy) === "true"
      ? ok(`enforced: ${found}`)
      : notOk(
          "warning",
          `not enforced: ${found}`,
          "ask the cluster's administrators to set enableNetworkPolicy to true, or who else enforces them",
        );
  } catch (error) {
    return notOk(
      "unknown",
      `the add-on vpc-cni, which would enforce them, was not shown (${errorName(error)})`,
      `have an administrator run: aws eks describe-addon --cluster-name ${name} --addon-name vpc-cni --region ${region} ` +
        `--query addon.configurationValues; it should hold "enableNetworkPolicy": "true"`,
    );
  }
}

/** The largest that a VPC's range can be; bits of its network. */
const wholeVpc = 16;

/** Tells whether the ranges that the load balancers send from are theirs alone: whatever else is in them reaches the web services. */
export function checkLoadBalancerCidrs({ name, region }: EksClusterArgs, cidrs: readonly string[]): Findings {
  const wide = cidrs.filter((cidr) => Number(cidr.split("/")[1]) <= wholeVpc);
  if (wide.length === 0) return ok(cidrs.join(", "));
  const vpc = `$(aws eks describe-cluster --region ${region} --name ${name} --query cluster.resourcesVpcConfig.vpcId --output text)`;
  return notOk(
    "warning",
    `${wide.join(", ")} can be a whole VPC, and each of its nodes and pods reaches the web services, past the load balancers`,
    "set network.loadBalancerCidrs to the load balancers' subnets, which this prints: " +
      `aws ec2 describe-subnets --region ${region} --filters Name=vpc-id,Values=${vpc} ` +
      "Name=tag-key,Values=kubernetes.io/role/elb,kubernetes.io/role/internal-elb --query 'Subnets[].CidrBlock'",
  );
}

/** Asks the registry for every image of the stack. */
export async function checkImages(user: ImageUser): Promise<Findings> {
  const { asked, missing, silence } = await askForImages(user);
  const { registry, tag } = user.datasetsServer.images;
  if (missing.length > 0) {
    throw new UserError(
      `not in the registry:\n${missing.join("\n")}`,
      "wait until the build of that commit has pushed them, or set images.tag to one that is there",
    );
  }
  return silence === undefined
    ? ok(`${registry} has all ${asked.length} with tag ${tag}`)
    : notOk("unknown", silence, "a deploy warns of this and goes on");
}

/** Tells whether the tags of the stack's images can be moved to other images. */
export async function checkTags(user: ImageUser): Promise<Findings> {
  try {
    const mutable = await mutableRepositories(user);
    return mutable.length === 0
      ? ok("no tag can be moved")
      : notOk(
          "warning",
          `tags can be moved to other images in ${mutable.join(", ")}`,
          "have the registry's administrators run, for each: aws ecr put-image-tag-mutability --image-tag-mutability IMMUTABLE --repository-name NAME",
        );
  } catch (error) {
    return notOk(
      "unknown",
      `the repositories were not shown (${errorName(error)})`,
      "ask for ecr:DescribeRepositories on them",
    );
  }
}
