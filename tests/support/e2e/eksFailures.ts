import { z } from "zod";
import { secretsKey } from "../../../config/accounts";
import { type AwsError, expiredToken } from "../aws/errors";
import type { EksCluster } from "../aws/front";
import { callKms } from "../aws/motoCalls";
import { type Eks, holdLock } from "./eks";
import type { Engine } from "./engine";

/** Something that is wrong in an account or with a user's credentials, and what the user has to read about it. */
export interface Failure {
  readonly is: string;
  /** Brings it about for an engine; the answer is the engine that meets it, and what puts things right again. */
  readonly cause: (eks: Eks, engine: Engine) => Cause | Promise<Cause>;
  readonly says: readonly RegExp[];
}

interface Cause {
  readonly engine: Engine;
  readonly undo: () => unknown;
}

const noSuchBucket = { status: 404, code: "NoSuchBucket", message: "The specified bucket does not exist" };
const forbidden = { status: 403, code: "AccessDeniedException", message: "not authorized" };

/** What goes wrong before a deploy to EKS touches anything. */
export const eksFailures: readonly Failure[] = [
  {
    is: "credentials that have expired",
    cause: answering(["sts:GetCallerIdentity"], expiredToken),
    says: [/unable to validate AWS credentials/, /ExpiredToken: The security token included in the request is expired/],
  },
  {
    is: "credentials that have expired before the state could be read",
    cause: answering(["*"], expiredToken),
    says: [/ExpiredToken: The security token included in the request is expired/],
  },
  {
    is: "a profile of the stack file that is not configured",
    cause: async (_eks, engine) => {
      await engine.configure("cluster.profile", "nobody");
      const undo = `pulumi config rm --path datasets-server:cluster.profile --stack ${engine.stack}`;
      return { engine, undo: () => engine.shell(undo) };
    },
    says: [/unable to validate AWS credentials/, /failed to get shared config profile, nobody/],
  },
  {
    is: "a profile of the environment that is not configured",
    cause: (_eks, engine) => ({ engine: engine.with({ AWS_PROFILE: "nobody" }), undo: () => {} }),
    says: [/failed to get shared config profile, nobody/],
  },
  {
    is: "an identity that may not look at the cluster",
    cause: answering(["eks:DescribeCluster"], forbidden),
    says: [/AccessDeniedException: not authorized/, /ask for the permissions of docs\/access\.md/],
  },
  {
    is: "a cluster that is not there",
    cause: withCluster(() => undefined),
    says: [
      /there is no such cluster/,
      /couldn't find resource/,
      /check cluster\.name, cluster\.region and cluster\.account of the stack file/,
    ],
  },
  {
    is: "a cluster that is not ready",
    cause: withCluster((cluster) => ({ ...cluster, status: "UPDATING" })),
    says: [
      /cluster hub-ephemeral is UPDATING, and must be ACTIVE; no changes were made\s+Next: run this again when it is/,
    ],
  },
  {
    is: "a cluster of another account",
    cause: withCluster((cluster) => ({ ...cluster, arn: "arn:aws:eks:us-east-1:123456789012:cluster/hub-ephemeral" })),
    says: [/the cluster found is arn:aws:eks:us-east-1:123456789012:cluster\/hub-ephemeral, but this stack belongs to/],
  },
  {
    is: "an API server that does not answer",
    cause: withCluster((cluster) => ({ ...cluster, endpoint: "https://127.0.0.1:1" })),
    says: [
      /cannot reach the Kubernetes API server https:\/\/127\.0\.0\.1:1: connect ECONNREFUSED/,
      /see whether you are on the network that reaches hub-ephemeral/,
    ],
  },
  {
    is: "a bucket that is not there",
    cause: answering(["s3:ListBucket", "s3:GetObject"], noSuchBucket),
    says: [/NoSuchBucket/],
  },
  {
    is: "a key that is disabled",
    cause: async (eks, engine) => {
      await setKey(eks, "DisableKey");
      return { engine, undo: () => setKey(eks, "EnableKey") };
    },
    says: [/DisabledException/],
  },
  {
    is: "a lock that another run holds",
    cause: async (eks, engine) => ({ engine, undo: await holdLock(eks, engine.stack) }),
    says: [/the stack is currently locked by 1 lock\(s\)/, /somebody@elsewhere \(pid 4711\)/, /pulumi cancel/],
  },
];

function answering(actions: readonly string[], error: AwsError): Failure["cause"] {
  return ({ aws }, engine) => {
    for (const action of actions) aws.faults.set(action, error);
    return { engine, undo: () => aws.faults.clear() };
  };
}

function withCluster(change: (cluster: EksCluster) => EksCluster | undefined): Failure["cause"] {
  return ({ aws, name }, engine) => {
    const cluster = aws.clusters.get(name);
    if (cluster === undefined) throw new Error(`${name} is not there to be changed`);
    const changed = change(cluster);
    if (changed === undefined) aws.clusters.delete(name);
    else aws.clusters.set(name, changed);
    return { engine, undo: () => aws.clusters.set(name, cluster) };
  };
}

const keyDescription = z.object({ KeyMetadata: z.object({ KeyId: z.string() }) });

async function setKey({ aws, name }: Eks, action: "DisableKey" | "EnableKey"): Promise<void> {
  const { endpoint } = aws.moto;
  const { KeyMetadata } = await callKms(endpoint, "DescribeKey", { KeyId: secretsKey(name).alias }, keyDescription);
  await callKms(endpoint, action, { KeyId: KeyMetadata.KeyId }, z.unknown());
}
