import {
  createCredentialChain,
  fromEnv,
  fromIni,
  fromNodeProviderChain,
  fromTemporaryCredentials,
} from "@aws-sdk/credential-providers";
import type { Credentials } from "./clients";

interface CredentialsArgs {
  readonly region: string;
  /** The profile of the AWS configuration to use. Default: the environment's credentials, as in CI. */
  readonly profile?: string;
  /** ARN of a role to take on with them. Default: none. */
  readonly role?: string;
}

/** The credentials that a cluster is reached with, taken where the AWS provider and the AWS CLI take theirs. */
export function clusterCredentials({ region, profile, role }: CredentialsArgs): Credentials {
  // As the engine and the AWS CLI have it: a profile that is named wins over keys in the environment, and these win over
  // AWS_PROFILE, which this SDK by itself would prefer.
  const own = profile === undefined ? createCredentialChain(fromEnv(), fromNodeProviderChain()) : fromIni({ profile });
  return role === undefined
    ? own
    : fromTemporaryCredentials({
        masterCredentials: own,
        params: { RoleArn: role, RoleSessionName: "datasets-server" },
        clientConfig: { region },
      });
}
