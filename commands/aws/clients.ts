import { KMSClient } from "@aws-sdk/client-kms";
import { S3Client } from "@aws-sdk/client-s3";
import { STSClient } from "@aws-sdk/client-sts";
import type { S3State } from "../state/address";

// The lockfile decides which version runs; what later ones will need is no news for whoever deploys.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = "true";

/** No command waits longer than this for one answer, or for a connection; milliseconds. */
const limits = { connectionTimeout: 5_000, requestTimeout: 20_000, throwOnRequestTimeout: true };

/** How AWS is asked by every client: with the environment's own credentials, like the engine, and never for long. */
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

export function stsClient(region: string): STSClient {
  return new STSClient({ ...manners, region });
}
