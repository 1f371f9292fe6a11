import { ECRClient } from "@aws-sdk/client-ecr";
import { EKSClient } from "@aws-sdk/client-eks";
import { KMSClient } from "@aws-sdk/client-kms";
import { S3Client } from "@aws-sdk/client-s3";
import { STSClient } from "@aws-sdk/client-sts";
import type { S3State } from "../lib/stateAddress";
import { type Credentials, credentialsOf } from "./credentials";
import { requestHandler } from "./requestHandler";

// The lockfile decides which version runs; what later ones will need is no news for whoever deploys.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = "true";

/** Returns how AWS is asked by every client. */
function defaults() {
  return { requestHandler: requestHandler(), maxAttempts: 2 };
}

/** A client for the bucket of a state, which reaches it as the engine does. */
export function s3Client({
  region,
  endpoint,
  profile,
  pathStyle,
}: Omit<S3State, "kind" | "bucket" | "prefix">): S3Client {
  return new S3Client({
    ...defaults(),
    credentials: credentialsOf(profile),
    forcePathStyle: pathStyle,
    // So that a bucket of another region is found, and can be named as such.
    followRegionRedirects: true,
    ...(region && { region }),
    ...(endpoint && { endpoint }),
    // For the region, where neither the address nor the environment names one.
    ...(profile && { profile }),
  });
}

export function kmsClient(region: string): KMSClient {
  return new KMSClient({ ...defaults(), region, credentials: credentialsOf() });
}

export function stsClient(region: string, credentials: Credentials = credentialsOf()): STSClient {
  return new STSClient({ ...defaults(), region, credentials });
}

export function eksClient(region: string, credentials: Credentials): EKSClient {
  return new EKSClient({ ...defaults(), region, credentials });
}

export function ecrClient(region: string, credentials: Credentials): ECRClient {
  return new ECRClient({ ...defaults(), region, credentials });
}
