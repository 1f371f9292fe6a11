import { DescribeAddonCommand, DescribeClusterCommand } from "@aws-sdk/client-eks";
import { z } from "zod";
import { clusterArn, type EksClusterArgs, eksKubeconfig } from "../../cluster/eks";
import { UserError } from "../../cluster/userError";
import { run } from "../../tools/run";
import { eksClient, stsClient } from "../aws/clients";
import type { Credentials } from "../aws/credentials";
import { errorName, explaining } from "../aws/faults";
import { identifyCaller } from "../aws/identity";
import { askForImages, type ImageUser } from "../aws/images";
import { parseJson } from "../lib/json";
import { type Findings, found } from "./examination";

/** Credentials that end sooner may end during a deploy; minutes. */
const shortMinutes = 15;

/** Says who the credentials of the stack's cluster are, and until when. */
export async function examineIdentity(
  { region, account }: EksClusterArgs,
  credentials: Credentials,
): Promise<Findings<void>> {
  const sts = stsClient(region, credentials);
  const arn = await identifyCaller(sts, account);
  const { expiration } = await sts.config.credentials();
  if (expiration === undefined) {
    return found({ outcome: "ok", found: `${arn}, with credentials that do not expire by themselves` }, undefined);
  }
  const minutes = Math.floor((expiration.getTime() - Date.now()) / 60_000);
  const says = `${arn}, for ${minutes} min (until ${expiration.toISOString()})`;
  return found(
    minutes >= shortMinutes
      ? { outcome: "ok", found: says }
      : { outcome: "warning", found: says, next: "sign in again before a deploy, which may take longer" },
    undefined,
  );
}

/** What AWS says of a cluster that is the stack's own. */
interface FoundCluster {
  readonly endpoint: string;
  readonly certificateAuthority: string;
}

/** Looks up the cluster as the program does: the one name, and no list of clusters. */
export async function examineCluster(args: EksClusterArgs, credentials: Credentials): Promise<Findings<FoundCluster>> {
  const { name, region } = args;
  const arn = clusterArn(args);
  const { cluster } = await explaining(`look up EKS cluster ${name} in ${region}`, () =>
    eksClient(region, credentials).send(new DescribeClusterCommand({ name })),
  );
  if (cluster?.arn !== arn) {
    throw new UserError(
      `the cluster found is ${cluster?.arn}, but this stack belongs to ${arn}`,
      "use credentials of the stack's account, such as AWS_PROFILE=tb",
    );
  }
  if (cluster.status !== "ACTIVE") {
    throw new UserError(`${arn} is ${cluster.status}, and must be ACTIVE`, "run this again when it is");
  }
  const { endpoint = "", certificateAuthority: { data = "" } = {} } = cluster;
  const value = { endpoint, certificateAuthority: data };
  return found({ outcome: "ok", found: `${arn} is ACTIVE, ${endpoint}` }, value);
}

const execUser = z.object({
  users: z.tuple([
    z.object({ user: z.object({ exec: z.object({ command: z.string(), args: z.array(z.string()) }) }) }),
  ]),
});

const execCredential = z.object({ status: z.object({ token: z.string().min(1), expirationTimestamp: z.string() }) });

/**
 * Gets a token by the very command of the stack's kubeconfig. It is shown to nobody: the value is that kubeconfig's text with
 * the token in place of the command.
 */
export async function examineToken(
  args: EksClusterArgs,
  { cluster, namespace }: { readonly cluster: FoundCluster; readonly namespace: string },
  { environment, signal }: { readonly environment: NodeJS.ProcessEnv; readonly signal: AbortSignal },
): Promise<Findings<string>> {
  const kubeconfig: Record<string, unknown> = JSON.parse(eksKubeconfig(args, { ...cluster, namespace }));
  const [{ user }] = execUser.parse(kubeconfig).users;
  const { command, args: commandArgs } = user.exec;
  const shown = [command, ...commandArgs].join(" ");
  const { code, stdout, stderr } = await run(command, commandArgs, { env: environment, signal });
  if (code !== 0) {
    throw new UserError(`${shown} ended with exit code ${code}: ${stderr.trim()}`);
  }
  const credential = execCredential.safeParse(parseJson(stdout));
  if (!credential.success) {
    throw new UserError(`${shown} did not print a token`);
  }
  const { token, expirationTimestamp } = credential.data.status;
  const users = [{ name: clusterArn(args), user: { token } }];
  return found(
    { outcome: "ok", found: `${shown} gives one until ${expirationTimestamp}` },
    JSON.stringify({ ...kubeconfig, users }),
  );
}

const addonConfiguration = z.looseObject({ enableNetworkPolicy: z.union([z.string(), z.boolean()]).optional() });

/**
 * Whether the cluster enforces network policies. On EKS that is a setting of an add-on, which few may read: nothing that a
 * namespace's own rights show would tell.
 */
export async function examineNetworkPolicies(
  { name, region }: EksClusterArgs,
  credentials: Credentials,
): Promise<Findings<void>> {
  const request = { clusterName: name, addonName: "vpc-cni" };
  try {
    const { addon = {} } = await eksClient(region, credentials).send(new DescribeAddonCommand(request));
    const { enableNetworkPolicy } = addonConfiguration.parse(parseJson(addon.configurationValues ?? "{}"));
    const says = `the add-on vpc-cni ${addon.addonVersion} has enableNetworkPolicy ${enableNetworkPolicy ?? "unset"}`;
    return found(
      String(enableNetworkPolicy) === "true"
        ? { outcome: "ok", found: `enforced: ${says}` }
        : {
            outcome: "warning",
            found: `not enforced: ${says}`,
            next: "ask the cluster's administrators to set enableNetworkPolicy to true, or who else enforces them",
          },
      undefined,
    );
  } catch (error) {
    return found(
      {
        outcome: "unknown",
        found: `the add-on vpc-cni, which would enforce them, was not shown (${errorName(error)})`,
        next:
          `ask whoever may: aws eks describe-addon --cluster-name ${name} --addon-name vpc-cni --region ${region} ` +
          `--query addon.configurationValues; it should hold "enableNetworkPolicy": "true"`,
      },
      undefined,
    );
  }
}

/** Asks the registry for every image of the stack. */
export async function examineImages(user: ImageUser): Promise<Findings<void>> {
  const { asked, missing, silence } = await askForImages(user);
  const { registry, tag } = user.datasetsServer.images;
  const next = "wait until the build of that commit has pushed them, or set images.tag to one that is there";
  if (missing.length > 0) {
    return found({ outcome: "failed", found: `not in the registry:\n${missing.join("\n")}`, next }, undefined);
  }
  return found(
    silence === undefined
      ? { outcome: "ok", found: `${registry} has all ${asked.length} with tag ${tag}` }
      : { outcome: "unknown", found: silence.replace(/\nNext: .*/s, ""), next: "a deploy warns of this and goes on" },
    undefined,
  );
}
