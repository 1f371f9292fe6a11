import fs from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import type { Policy } from "../../../cli/access/iam";
import { findTools } from "../../../tools/install";
import { type AwsFront, account, type EksCluster, installAwsStandIn } from "../aws";
import { startFront } from "../aws/front";
import { endpointVariables, type Moto, startMoto } from "../aws/moto";
import { createUser, pushImages } from "../aws/motoCalls";
import { startTokenReviewer } from "../aws/tokenReview";
import type { Engine } from "./engine";

/** One of the team's roles, taken on through a profile of the same name as the AWS CLI knows them. */
export interface RoleArgs {
  readonly role: string;
  readonly policies: readonly Policy[];
  /** The role's groups on every cluster of the account. Default: it has no access to them. */
  readonly kubernetesGroups?: readonly string[];
}

/** The tags under which every image is in the account's registry: the stack files' and that of tests' pull requests. */
const pushedTags = ["sha-59db084", "sha-abc1234"];

/** The team's AWS account: S3, KMS, STS, IAM, ECR and EKS, a person who may take on its roles, and its clusters' webhook. */
export interface AwsAccount extends AwsFront {
  readonly moto: Moto;
  /** Has an API server take the tokens of the account's roles. */
  readonly apiServerArgs: Readonly<Record<string, string>>;
  /** The variables with which any AWS client is there, with a profile or, without one, with no credentials at all. */
  variables(profile?: string): NodeJS.ProcessEnv;
}

const kubeconfigFile = z.object({
  clusters: z.tuple([
    z.object({ cluster: z.object({ server: z.string(), "certificate-authority-data": z.string() }) }),
  ]),
});

/** How the cluster of a kubeconfig appears in EKS. */
export async function asEksCluster(kubeconfig: string): Promise<EksCluster> {
  const [{ cluster }] = kubeconfigFile.parse(parse(await fs.readFile(kubeconfig, "utf8"))).clusters;
  return { endpoint: cluster.server, certificateAuthority: cluster["certificate-authority-data"] };
}

/** The ARN of a role of the account. */
export function roleArn(role: string): string {
  return `arn:aws:iam::${account}:role/${role}`;
}

/** Starts an account in `folder`, an existing folder of the suite. The keys of `profiles` are their names. */
export async function startAwsAccount(
  folder: string,
  profiles: Readonly<Record<string, RoleArgs>>,
): Promise<AwsAccount> {
  const moto = await startMoto(folder);
  const front = await startFront(moto.endpoint);
  const roles = Object.values(profiles);
  const reviewer = await startTokenReviewer(
    folder,
    Object.fromEntries(roles.flatMap(({ role, kubernetesGroups: groups }) => (groups ? [[role, groups]] : []))),
  );
  const resources = roles.map(({ role }) => roleArn(role));
  const takeOnRoles = { Sid: "TakeOn", Effect: "Allow", Action: ["sts:AssumeRole"], Resource: resources } as const;
  front.policies.set(person, [{ Version: "2012-10-17", Statement: [takeOnRoles] }]);
  for (const { role, policies } of roles) front.policies.set(role, policies);
  await pushImages(moto.endpoint, pushedTags);
  await writeSharedFiles(folder, moto, profiles);
  return {
    ...front,
    moto,
    apiServerArgs: {
      "authentication-token-webhook-config-file": reviewer.configFile,
      "authentication-token-webhook-version": "v1",
    },
    variables: (profile) => ({
      // There the AWS CLI keeps its sessions as well, which mean nothing to another account.
      HOME: folder,
      // The tools stay where they are, whatever home a command of ours has.
      XDG_CACHE_HOME: process.env.XDG_CACHE_HOME || path.join(os.homedir(), ".cache"),
      ...endpointVariables(front.endpoint),
      ...(profile !== undefined && { AWS_PROFILE: profile }),
    }),
    stop: async () => {
      await reviewer.stop();
      await front.stop();
      await moto.stop();
    },
  };
}

/** The engine in an account, with a profile of it: the AWS CLI on PATH, and the provider where the engine looks for it. */
export async function inAccount(engine: Engine, aws: AwsAccount, profile?: string): Promise<Engine> {
  await installAwsStandIn(engine.pulumiHome);
  const PATH = [path.dirname(findTools(["test"]).aws), engine.path].join(path.delimiter);
  return engine.with({ ...aws.variables(profile), PATH });
}

/** The IAM user that signs in before it takes on a role. */
const person = "someone";

/** Writes the AWS CLI's files into the folder, as into somebody's home. */
async function writeSharedFiles(
  folder: string,
  moto: Moto,
  profiles: Readonly<Record<string, RoleArgs>>,
): Promise<void> {
  const { id, secret } = await createUser(moto.endpoint, person);
  const sections = Object.entries(profiles).map(
    ([profile, { role }]) =>
      `[profile ${profile}]\nrole_arn = ${roleArn(role)}\nsource_profile = ${person}\nrole_session_name = ${person}\n`,
  );
  const credentials = `[${person}]\naws_access_key_id = ${id}\naws_secret_access_key = ${secret}\n`;
  await fs.mkdir(path.join(folder, ".aws"));
  await fs.writeFile(path.join(folder, ".aws/credentials"), credentials, { mode: 0o600 });
  await fs.writeFile(path.join(folder, ".aws/config"), sections.join("\n"));
}
