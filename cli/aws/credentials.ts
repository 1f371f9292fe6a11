import type { STS, STSClientConfig } from "@aws-sdk/client-sts";
import {
  createCredentialChain,
  fromEnv,
  fromIni,
  fromNodeProviderChain,
  fromTemporaryCredentials,
} from "@aws-sdk/credential-providers";
import { explaining } from "../../cluster/awsErrors";
import type { EksClusterArgs } from "../../cluster/eks";
import { UserError } from "../../cluster/userError";
import { proxyAgents } from "../../network/proxies";

/** Where a client takes its credentials from. */
export type Credentials = NonNullable<STSClientConfig["credentials"]>;

/** No command waits longer than this for one answer, or for a connection; milliseconds. */
const limits = { connectionTimeout: 5_000, requestTimeout: 20_000, throwOnRequestTimeout: true };

/** Returns how every client sends its requests to AWS: never for long, and through the user's proxy. */
export function requestHandler() {
  return { ...limits, ...proxyAgents() };
}

/**
 * Returns the credentials of a profile of the AWS configuration, or, without one, those of the environment.
 *
 * As Pulumi and the AWS CLI have it: a profile that is named wins over keys in the environment, and these win over
 * AWS_PROFILE, which this SDK by itself would prefer.
 */
export function credentialsOf(profile?: string): Credentials {
  // Some of them ask AWS themselves.
  const clientConfig = { requestHandler: requestHandler() };
  return profile === undefined
    ? createCredentialChain(fromEnv(), fromNodeProviderChain({ clientConfig }))
    : fromIni({ profile, clientConfig });
}

/** Returns the credentials to reach a cluster with, taken where the AWS provider and the AWS CLI take theirs. */
export function clusterCredentials({
  region,
  profile,
  role,
}: Pick<EksClusterArgs, "region" | "profile" | "role">): Credentials {
  const own = credentialsOf(profile);
  return role === undefined
    ? own
    : fromTemporaryCredentials({
        masterCredentials: own,
        params: { RoleArn: role, RoleSessionName: "datasets-server" },
        clientConfig: { region, requestHandler: requestHandler() },
      });
}

/**
 * Returns who the credentials of a client are, as an ARN.
 *
 * @throws when they are of another account.
 */
export async function identifyCaller(sts: STS, account: string): Promise<string> {
  const { Account, Arn = "" } = await explaining("ask AWS who you are", () => sts.getCallerIdentity({}));
  if (Account !== account) {
    throw new UserError(
      `you are ${Arn}, of account ${Account}, and the stack belongs to account ${account}; no changes were made`,
      "use credentials of that account, such as AWS_PROFILE=tb",
    );
  }
  return Arn;
}
