import { EKSClient } from "@aws-sdk/client-eks";
import { KMSClient } from "@aws-sdk/client-kms";
import { S3Client } from "@aws-sdk/client-s3";
import { STSClient, type STSClientConfig } from "@aws-sdk/client-sts";
import type { S3State } from "../state/address";

// The lockfile decides which version runs; what later ones will need is no news for whoever deploys.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = "true";

/** No command waits longer than this for one answer, or for a connection; milliseconds. */
const limits = { connectionTimeout: 5_000, requestTimeout: 20_000, throwOnRequestTimeout: true };

/** Where a client takes its credentials from. */
export type Credentials = NonNullable<STSClientConfig["credentials"]>;

/** How AWS is asked by every client: never for long, and with the environment's own credentials unless others are named. */
const manners = { requestHandler: limits, maxAttempts: 2 };

/** A client for the bucket of a state, which reaches it as the engine does. */
export function s3Client({
  region,
  endpoint,
  profile,
  pathStyle,
}: Omit<S3State, "kind" | "bucket" | "prefix">): S3Client {
  return new S3Client({
    ...manners,
    forcePathStyle: pathStyle,
    // So that a bucket of another region is found, and can be named as such.
    followRegionRedirects: true,
    ...(region && { region }),
    ...(endpoint && { endpoint }),
    ...(profile && { profile }),
  });
}

export function kmsClient(region: string): KMSClient {
  return new KMSClient({ ...manners, region });
}

export function stsClient(region: string, credentials?: Credentials): STSClient {
  return new STSClient({ ...manners, region, ...(credentials && { credentials }) });
}

export function eksClient(region: string, credentials: Credentials): EKSClient {
  return new EKSClient({ ...manners, region, credentials });
}
