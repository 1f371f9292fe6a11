import { imagePrefix } from "../../components/workloads/workload";
import { projectName, projectTag, stateBucket } from "../../config/accounts";
import { checkpointKey } from "../state/checkpoint";

export interface PolicyStatement {
  readonly Sid: string;
  readonly Effect: "Allow";
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
  /** By operator and condition key. */
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

/** An IAM policy, as AWS has it in JSON. */
export interface Policy {
  readonly Version: "2012-10-17";
  readonly Statement: readonly PolicyStatement[];
}

export interface PolicyArgs {
  readonly clusterArn: string;
  /** Whose key and bucket these are. */
  readonly account: string;
  /** The key that the secrets of the cluster's stacks are kept with. */
  readonly key: { readonly alias: string; readonly region: string };
  /** The stacks on the cluster. */
  readonly stacks: readonly string[];
  /** The registry that the stacks' images are in. */
  readonly registry: { readonly account: string; readonly region: string };
  /** Stacks that come and go, which may be named as in pr-*. Default: none. */
  readonly passingStacks?: readonly string[];
}

/** What the role that deploys may do on AWS. */
export function deployPolicy(args: PolicyArgs): Policy {
  const { stacks, passingStacks = [] } = args;
  const keys = [...stacks, ...passingStacks].flatMap(stateKeys);
  const passing = passingStacks.flatMap(stateKeys);
  return policy([
    ...reading(args),
    allow("WriteState", ["s3:PutObject"], keys.map(inBucket)),
    // The bucket's versions of a state are what a damaged one is put right from.
    allow("ListVersions", ["s3:ListBucketVersions"], [bucketArn], {
      StringEquals: { "s3:prefix": stacks.map(checkpointKey) },
    }),
    allow("ReadVersions", ["s3:GetObjectVersion"], stacks.map(checkpointKey).map(inBucket)),
    allow("DeleteLocks", ["s3:DeleteObject"], stacks.map(lockKeys).map(inBucket)),
    ...(passing.length > 0 ? [allow("DeletePassingStacks", ["s3:DeleteObject"], passing.map(inBucket))] : []),
    // A new stack's data key is encrypted once; after that it is only ever decrypted.
    useKey(args, passing.length > 0 ? ["kms:Decrypt", "kms:Encrypt"] : ["kms:Decrypt"]),
    // Whether the images of a deploy are there, and their tags fixed. Nodes pull them by a role of their own.
    allow("FindImages", ["ecr:DescribeImages", "ecr:DescribeRepositories"], [repositories(args)]),
  ]);
}

/** What the role that previews may do on AWS: it reads the state and writes nothing. */
export function previewPolicy(args: PolicyArgs): Policy {
  return policy([...reading(args), useKey(args, ["kms:Decrypt"])]);
}

/** What `ds bootstrap` also does with the bucket: it sets each of these properties where it is not right. */
const bucketProperties = [
  "BucketOwnershipControls",
  "BucketPolicy",
  "BucketPublicAccessBlock",
  "BucketVersioning",
  "EncryptionConfiguration",
];

/**
 * What `ds bootstrap` needs on AWS in addition to the deploy role's policy: to make, verify and fix the one bucket and the one key.
 *
 * AWS takes up to five minutes until a new key's alias counts in the condition of a policy:
 * https://docs.aws.amazon.com/kms/latest/developerguide/alias-authorization.html
 */
export function bootstrapPolicy(args: PolicyArgs): Policy {
  const { account, key } = args;
  const alias = `arn:aws:kms:${key.region}:${account}:${key.alias}`;
  // A key that has a name belongs to others: with the alias on it, all who may use the alias could use that key.
  const nameless = { Null: { "kms:ResourceAliases": "true" } };
  return policy([
    allow(
      "SetUpBucket",
      ["s3:CreateBucket", "s3:ListBucket", ...bucketProperties.flatMap((name) => [`s3:Get${name}`, `s3:Put${name}`])],
      [bucketArn],
    ),
    allow("BeginState", ["s3:PutObject"], [inBucket(metaKey)]),
    // These two, and the making of a key, cannot be held to one key.
    allow("ListKeys", ["kms:ListAliases", "kms:ListKeys"], ["*"]),
    allow("MakeKey", ["kms:CreateKey", "kms:TagResource"], ["*"], {
      StringEquals: { [`aws:RequestTag/${projectTag.key}`]: projectTag.value },
      ...nameless,
    }),
    allow("LookAtKeys", ["kms:DescribeKey"], [alias, keysOf(args)]),
    allow("GiveName", ["kms:CreateAlias"], [alias]),
    allow("NameKey", ["kms:CreateAlias"], [keysOf(args)], nameless),
    useKey(args, ["kms:EnableKeyRotation", "kms:Encrypt", "kms:GetKeyRotationStatus"]),
  ]);
}

const metaKey = ".pulumi/meta.yaml";

/**
 * All keys of the bucket under which the engine keeps a stack, as patterns of IAM.
 *
 * Seen in the requests of CLI 3.259; * also stands for nothing, so they are the prefixes of its listings as well.
 */
function stateKeys(stack: string): string[] {
  return [
    `${checkpointKey(stack)}*`,
    `.pulumi/stacks/${projectName}/${stack}.pulumi-tags`,
    `.pulumi/history/${projectName}/${stack}/*`,
    `.pulumi/backups/${projectName}/${stack}/*`,
    lockKeys(stack),
  ];
}

function lockKeys(stack: string): string {
  return `.pulumi/locks/organization/${projectName}/${stack}/*`;
}

function reading({ clusterArn, stacks, passingStacks = [] }: PolicyArgs): PolicyStatement[] {
  const keys = [metaKey, ...[...stacks, ...passingStacks].flatMap(stateKeys)];
  return [
    allow("FindCluster", ["eks:DescribeCluster"], [clusterArn]),
    // The engine begins by asking for the projects that there are; the delimiter keeps the stacks within them hidden.
    allow("ListProjects", ["s3:ListBucket"], [bucketArn], {
      StringEquals: { "s3:prefix": ".pulumi/stacks/", "s3:delimiter": "/" },
    }),
    // Also has S3 say of a key that is not there that it is not there, and not that it is forbidden. Which stacks that come
    // and go are there is asked by what their names have in common.
    allow("ListState", ["s3:ListBucket"], [bucketArn], {
      StringLike: { "s3:prefix": [...keys, ...passingStacks.map((stack) => `.pulumi/stacks/${projectName}/${stack}`)] },
    }),
    allow("ReadState", ["s3:GetObject"], keys.map(inBucket)),
  ];
}

/** A policy cannot name a key by its alias as the resource, so the key's alias is a condition. */
function useKey(args: PolicyArgs, actions: readonly string[]): PolicyStatement {
  return allow("UseKey", actions, [keysOf(args)], {
    "ForAnyValue:StringEquals": { "kms:ResourceAliases": args.key.alias },
  });
}

function repositories({ registry: { account, region } }: PolicyArgs): string {
  return `arn:aws:ecr:${region}:${account}:repository/${imagePrefix}*`;
}

function keysOf({ account, key }: PolicyArgs): string {
  return `arn:aws:kms:${key.region}:${account}:key/*`;
}

const bucketArn = `arn:aws:s3:::${stateBucket.name}`;

function inBucket(key: string): string {
  return `${bucketArn}/${key}`;
}

function policy(statements: readonly PolicyStatement[]): Policy {
  return { Version: "2012-10-17", Statement: statements };
}

function allow(
  sid: string,
  actions: readonly string[],
  resources: readonly string[],
  condition?: PolicyStatement["Condition"],
): PolicyStatement {
  return {
    Sid: sid,
    Effect: "Allow",
    Action: actions,
    Resource: resources,
    ...(condition && { Condition: condition }),
  };
}
