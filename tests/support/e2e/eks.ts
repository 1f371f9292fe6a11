import { randomUUID } from "node:crypto";
import { clusterAccess, type DocumentedCluster, documentedClusters } from "../../../cli/access/clusters";
import { groups } from "../../../cli/access/rbac";
import type { EksClusterArgs } from "../../../cluster/eks";
import { projectName, secretsKey, secretsProviderUrl, stateBucket, stateUrl } from "../../../config/accounts";
import type { PodStages } from "../../../tools/cluster";
import { awsRootEnvironment } from "../aws";
import { bucketVersions, callS3, createKey, createVersionedBucket } from "../aws/motoCalls";
import { type AwsAccount, asEksCluster, inAccount, type RoleArgs, startAwsAccount } from "./awsAccount";
import { type Cluster, newCluster } from "./cluster";
import type { Engine } from "./engine";
import { createForeignObjects } from "./foreign";
import { newEngine, suiteFolder } from "./world";

/** The team's account with its bucket and keys, and one Kubernetes cluster that plays an EKS cluster of it. */
export interface Eks {
  /** What the stack file says of the cluster. */
  readonly args: EksClusterArgs;
  readonly name: DocumentedCluster;
  readonly aws: AwsAccount;
  readonly cluster: Cluster;
  stop(): Promise<void>;
}

/** The role that deploys to a cluster, and the profile through which it is taken on: as docs/access.md names it. */
export function deployRole(cluster: DocumentedCluster): string {
  return `datasets-server-${cluster}-deploy`;
}

/**
 * Starts the account and a cluster. Each deploy role has the policy of docs/access.md, and that of `name` has the rights
 * of docs/access.md on the cluster; neither has any other. The namespace is there, with what others have in it.
 */
export async function startEks(name: DocumentedCluster, podStages: PodStages): Promise<Eks> {
  const profiles: Record<string, RoleArgs> = {};
  for (const other of documentedClusters) {
    const { policies } = clusterAccess(other);
    const role = deployRole(other);
    profiles[role] = {
      role,
      policies: [policies.deploy],
      ...(other === name && { kubernetesGroups: [groups.deploy] }),
    };
  }
  const aws = await startAwsAccount(await suiteFolder("aws"), profiles);
  const cluster = await newCluster(await suiteFolder("eks"), podStages, aws.apiServerArgs);
  await createVersionedBucket(aws.moto.endpoint, stateBucket.name);
  for (const other of documentedClusters) await createKey(aws.moto.endpoint, secretsKey(other).alias);
  aws.clusters.set(name, await asEksCluster(cluster.kubeconfig));
  const { cluster: args, namespace, objects } = clusterAccess(name);
  await createForeignObjects(cluster.kubernetes, namespace);
  for (const object of objects) await cluster.kubernetes.objects.create(object);
  const stop = async () => {
    await cluster.stop();
    await aws.stop();
  };
  return { args, name, aws, cluster, stop };
}

/**
 * A new stack as an administrator leaves it, its state in the bucket and its secrets with the cluster's key, and the
 * engine as the cluster's deploy role.
 */
export async function newEksEngine(eks: Eks, stack: string, folder: string): Promise<Engine> {
  const root = awsRootEnvironment(eks.aws.endpoint);
  const engine = await newEngine(stack, folder, { PULUMI_BACKEND_URL: stateUrl, ...root });
  await engine.shell(`pulumi stack change-secrets-provider ${secretsProviderUrl(eks.name)} --stack ${stack}`);
  const nobody = Object.fromEntries(Object.keys(root).map((variable) => [variable, undefined]));
  return inAccount(engine.with(nobody), eks.aws, deployRole(eks.name));
}

/** Locks a stack as another machine's engine does while it works on it. The answer unlocks it. */
export async function holdLock({ aws }: Eks, stack: string): Promise<() => Promise<unknown>> {
  const lock = `${stateBucket.name}/.pulumi/locks/organization/${projectName}/${stack}/${randomUUID()}.json`;
  const holder = { pid: 4711, username: "somebody", hostname: "elsewhere", timestamp: new Date().toISOString() };
  await callS3(aws.moto.endpoint, "PUT", lock, JSON.stringify(holder));
  return () => callS3(aws.moto.endpoint, "DELETE", lock);
}

/**
 * Every line that was ever put into the bucket of states, by the key and version that had it first. A state is written
 * hundreds of times in an update, and few of its lines change.
 */
export async function everyStateVersion({ aws }: Eks): Promise<Record<string, string>> {
  const versions: Record<string, string> = {};
  const seen = new Set<string>();
  for await (const { key, version, content } of bucketVersions(aws.moto.endpoint, stateBucket.name)) {
    const lines = content.toString("latin1").split("\n");
    versions[`${key} (version ${version})`] = lines.filter((line) => !seen.has(line)).join("\n");
    for (const line of lines) seen.add(line);
  }
  return versions;
}
