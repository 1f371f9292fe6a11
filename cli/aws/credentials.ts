import type { STSClientConfig } from "@aws-sdk/client-sts";
import {
  createCredentialChain,
  fromEnv,
  fromIni,
  fromNodeProviderChain,
  fromTemporaryCredentials,
} from "@aws-sdk/credential-providers";
import { requestHandler } from "./requestHandler";

/** Where a client takes its credentials from. */
export type Credentials = NonNullable<STSClientConfig["credentials"]>;

interface ClusterCredentialsArgs {
  readonly region: string;
  /** The profile of the AWS configuration to use. Default: the environment's credentials, as in CI. */
  readonly profile?: string;
  /** ARN of a role to assume with them. Default: none. */
  readonly role?: string;
}

/**
 * The credentials of a profile of the AWS configuration, or, without one, those of the environment.
 *
 * As the engine and the AWS CLI have it: a profile that is named wins over keys in the environment, and these win over
 * AWS_PROFILE, which this SDK by itself would prefer.
 */
export function credentialsOf(profile?: string): Credentials {
  // Some of them ask AWS themselves.
  const clientConfig = { requestHandler: requestHandler() };
  return profile === undefined
    ? createCredentialChain(fromEnv(), fromNodeProviderChain({ clientConfig }))
    : fromIni({ profile, clientConfig });
}

/** The credentials that a cluster is reached with, taken where the AWS provider and the AWS CLI take theirs. */
export function clusterCredentials({ region, profile, role }: ClusterCredentialsArgs): Credentials {
  const own = credentialsOf(profile);
  return role === undefined
    ? own
    : fromTemporaryCredentials({
        masterCredentials: own,
        params: { RoleArn: role, RoleSessionName: "datasets-server" },
        clientConfig: { region, requestHandler: requestHandler() },
      });
}
