import { ECR } from "@aws-sdk/client-ecr";
import { EKS } from "@aws-sdk/client-eks";
import { KMS } from "@aws-sdk/client-kms";
import { S3 } from "@aws-sdk/client-s3";
import { STS } from "@aws-sdk/client-sts";
import type { EksClusterArgs } from "../../cluster/eks";
import { type Credentials, clusterCredentials, credentialsOf, requestHandler } from "./credentials";

// The lockfile decides which version runs; what later ones will need is no news for a deploy.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = "true";

/** Returns how AWS is asked by every client. */
function defaults() {
  return { requestHandler: requestHandler(), maxAttempts: 2 };
}

/** How to reach a bucket. */
interface BucketAccess {
  /** Default: what AWS' own settings say. */
  readonly region?: string;
  /** Another server than Amazon's. Default: none. */
  readonly endpoint?: string;
  readonly profile?: string;
  /** Whether the bucket is named in the path of requests and not in their host. */
  readonly pathStyle: boolean;
}

/** Returns a client for the bucket of a state, which reaches it as Pulumi does. */
export function s3Client({ region, endpoint, profile, pathStyle }: BucketAccess): S3 {
  return new S3({
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

export function kmsClient(region: string): KMS {
  return new KMS({ ...defaults(), region, credentials: credentialsOf() });
}

export function stsClient(region: string, credentials: Credentials = credentialsOf()): STS {
  return new STS({ ...defaults(), region, credentials });
}

export function eksClient(cluster: EksClusterArgs): EKS {
  return new EKS({ ...defaults(), region: cluster.region, credentials: clusterCredentials(cluster) });
}

export function ecrClient(region: string, credentials: Credentials): ECR {
  return new ECR({ ...defaults(), region, credentials });
}
