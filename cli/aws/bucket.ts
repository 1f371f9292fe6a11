import { isDeepStrictEqual } from "node:util";
import { BucketLocationConstraint, type S3 } from "@aws-sdk/client-s3";
import { z } from "zod";
import { awsError, errorName, explaining, ifPresent } from "../../cluster/awsErrors";
import { UserError } from "../../cluster/userError";
import { type Finding, type Property, settle } from "./provision";

export interface BucketArgs {
  readonly bucket: string;
  readonly region: string;
  /** The only AWS account that it may belong to. */
  readonly account: string;
}

const closed = {
  BlockPublicAcls: true,
  BlockPublicPolicy: true,
  IgnorePublicAcls: true,
  RestrictPublicBuckets: true,
} as const;

const policyDocument = z.looseObject({
  Version: z.string().default("2012-10-17"),
  Statement: z.array(z.looseObject({ Sid: z.string().optional() })),
});

/**
 * Creates the bucket of the state, or verifies it: in its region, of the account, versioned, encrypted, closed to the
 * public and to requests without TLS. What is there and stricter stays.
 *
 * @throws when it belongs to another account or is in another region.
 */
export async function ensureBucket(s3: S3, args: BucketArgs, report: (finding: Finding) => void): Promise<void> {
  const { bucket, region } = args;
  const found = await findBucket(s3, args);
  if (found === undefined) {
    await explaining(`create bucket ${bucket}`, () => createBucket(s3, args));
    report({ what: `bucket ${bucket}`, was: "absent", did: "created" });
  } else if (found !== region) {
    throw new UserError(
      `bucket ${bucket} is in ${found}, and must be in ${region}; no changes were made`,
      "correct region= in the state's address (backend.url of Pulumi.yaml), if that is the team's bucket",
    );
  } else {
    report({ what: `bucket ${bucket}`, was: `in ${region}`, did: "left alone" });
  }
  await explaining(`set up bucket ${bucket}`, () => settle(properties(s3, args), report));
}

/** The region of the bucket; undefined when there is none. */
async function findBucket(s3: S3, { bucket, region, account }: BucketArgs): Promise<string | undefined> {
  try {
    const { BucketRegion } = await s3.headBucket({ Bucket: bucket, ExpectedBucketOwner: account });
    return BucketRegion ?? region;
  } catch (error) {
    if (errorName(error) === "NotFound") return undefined;
    if (!isForbidden(error)) throw awsError(`look for bucket ${bucket}`, error);
    throw new UserError(
      `bucket ${bucket} is there, and it either belongs to another account than ${account}, or is closed to these ` +
        "credentials; no changes were made",
      "ask the account's administrators; if it is another team's, put another name into Pulumi.yaml and config/accounts.ts",
    );
  }
}

function isForbidden(error: unknown): boolean {
  const metadata: unknown = error instanceof Error ? Reflect.get(error, "$metadata") : undefined;
  return z.object({ httpStatusCode: z.literal(403) }).safeParse(metadata).success;
}

function createBucket(s3: S3, { bucket, region }: BucketArgs): Promise<unknown> {
  // The oldest region is the one that must not be named.
  const LocationConstraint = Object.values(BucketLocationConstraint).find((known) => known === region);
  return s3.createBucket({
    Bucket: bucket,
    ObjectOwnership: "BucketOwnerEnforced",
    ...(LocationConstraint && { CreateBucketConfiguration: { LocationConstraint } }),
  });
}

/** What must be so of the bucket. A look that finds nothing is told apart from one that fails by the error's name. */
function properties(s3: S3, { bucket, account }: BucketArgs): Property[] {
  const at = { Bucket: bucket, ExpectedBucketOwner: account };
  return [
    {
      what: "its versions",
      look: async () => {
        const { Status = "never kept" } = await s3.getBucketVersioning(at);
        return { is: Status, right: Status === "Enabled" };
      },
      set: () => s3.putBucketVersioning({ ...at, VersioningConfiguration: { Status: "Enabled" } }),
    },
    {
      what: "its encryption",
      look: async () => {
        const found = await ifPresent("ServerSideEncryptionConfigurationNotFoundError", () =>
          s3.getBucketEncryption(at),
        );
        const [rule] = found?.ServerSideEncryptionConfiguration?.Rules ?? [];
        const algorithm = rule?.ApplyServerSideEncryptionByDefault?.SSEAlgorithm;
        return { is: algorithm ?? "none", right: algorithm !== undefined };
      },
      set: () =>
        s3.putBucketEncryption({
          ...at,
          ServerSideEncryptionConfiguration: {
            Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: "AES256" } }],
          },
        }),
    },
    {
      what: "its public access",
      look: async () => {
        const found = await ifPresent("NoSuchPublicAccessBlockConfiguration", () => s3.getPublicAccessBlock(at));
        const open = Object.keys(closed).filter(
          (key) => Reflect.get(found?.PublicAccessBlockConfiguration ?? {}, key) !== true,
        );
        return { is: open.length === 0 ? "blocked" : `without ${open.join(", ")}`, right: open.length === 0 };
      },
      set: () => s3.putPublicAccessBlock({ ...at, PublicAccessBlockConfiguration: closed }),
    },
    {
      what: "its objects' owner",
      look: async () => {
        const found = await ifPresent("OwnershipControlsNotFoundError", () => s3.getBucketOwnershipControls(at));
        const ownership = found?.OwnershipControls?.Rules?.[0]?.ObjectOwnership;
        return { is: ownership ?? "their writers", right: ownership === "BucketOwnerEnforced" };
      },
      set: () =>
        s3.putBucketOwnershipControls({
          ...at,
          OwnershipControls: { Rules: [{ ObjectOwnership: "BucketOwnerEnforced" }] },
        }),
    },
    tlsOnly(s3, at),
  ];
}

/** The policy gets one more statement, and keeps those that it has. */
function tlsOnly(s3: S3, at: { readonly Bucket: string; readonly ExpectedBucketOwner: string }): Property {
  const statement = {
    Sid: "OnlyByTls",
    Effect: "Deny",
    Principal: "*",
    Action: "s3:*",
    Resource: [`arn:aws:s3:::${at.Bucket}`, `arn:aws:s3:::${at.Bucket}/*`],
    Condition: { Bool: { "aws:SecureTransport": "false" } },
  };
  const read = async () => {
    const found = await ifPresent("NoSuchBucketPolicy", () => s3.getBucketPolicy(at));
    return policyDocument.parse(found?.Policy ? JSON.parse(found.Policy) : { Statement: [] });
  };
  return {
    what: "its requests",
    look: async () => {
      const right = (await read()).Statement.some((other) => isDeepStrictEqual(other, statement));
      return { is: right ? "by TLS only" : "with TLS or without", right };
    },
    set: async () => {
      const { Statement, ...rest } = await read();
      const others = Statement.filter(({ Sid }) => Sid !== statement.Sid);
      const Policy = JSON.stringify({ ...rest, Statement: [...others, statement] });
      await s3.putBucketPolicy({ ...at, Policy });
    },
  };
}
