import { clusterArn, type EksClusterArgs } from "../../cluster/eks";
import { UserError } from "../../cluster/userError";
import { allObjects, buildObjects, type DatasetsServerArgs } from "../../components/buildObjects";
import { secretsKey } from "../../config/accounts";
import { neededPermissions, type Permission } from "../../safety/permissions";
import { ecrRegistry } from "../aws/images";
import { type KubernetesObject, plainObjects } from "../lib/objects";
import { readStack } from "../lib/stackFile";
import type { ExampleEnvironment } from "./admission";
import { bootstrapPolicy, deployPolicy, lookPolicy, type Policy, type PolicyArgs, previewPolicy } from "./iam";
import { deployAccess, driftAccess, environmentsAccess, lookAccess, previewAccess } from "./rbac";

/** The roles of a cluster on AWS. Those who may run commands in pods are some of those who look. */
export type AwsRole = "deploy" | "preview" | "drift" | "look";

/** What has to be on one cluster and in its account, for people and CI to do their part there and nowhere else. */
export interface ClusterAccess {
  readonly cluster: EksClusterArgs;
  readonly namespace: string;
  /** For an administrator of the cluster to apply. */
  readonly objects: readonly KubernetesObject[];
  /** What pull requests' environments need in addition. Default: the cluster has none. */
  readonly environments?: readonly KubernetesObject[];
  /** By role, for an administrator of the account; bootstrap's is for who has that of deploy as well. */
  readonly policies: Readonly<Record<AwsRole | "bootstrap", Policy>>;
}

/** The clusters that stacks of a fixed name live on. */
export const documentedClusters = ["hub-prod", "hub-ephemeral"] as const;

export type DocumentedCluster = (typeof documentedClusters)[number];

const stacks: Readonly<Record<DocumentedCluster, string>> = { "hub-prod": "prod", "hub-ephemeral": "ephemeral" };

/** What a cluster needs, from what its stacks are made of. */
export function clusterAccess(name: DocumentedCluster): ClusterAccess {
  return stackAccess(stacks[name]);
}

/**
 * Returns what the cluster of a stack needs for that stack, and for the environments that its file configures.
 *
 * @throws a UserError for a stack that is not on EKS, or that is an environment.
 */
export function stackAccess(stack: string): ClusterAccess {
  const { identity, file, config } = readStack(stack);
  const { cluster, datasetsServer } = config;
  if (cluster.kind !== "eks" || identity.number !== undefined) {
    const next = cluster.kind === "eks" ? "ds access ephemeral covers the environments" : undefined;
    throw new UserError(`stack ${stack} has no roles of its own`, next);
  }
  const permissions = permissionsOf(datasetsServer);
  const { namespace } = datasetsServer.scope;
  const hasEnvironments = file.stacks.includes("pr-N");
  const args: PolicyArgs = {
    clusterArn: clusterArn(cluster),
    account: cluster.account,
    key: secretsKey(cluster.name),
    registry: registryOf(datasetsServer.images.registry),
    stacks: [stack],
    ...(hasEnvironments && { passingStacks: ["pr-*"] }),
  };
  return {
    cluster,
    namespace,
    objects: [
      ...deployAccess(permissions),
      ...previewAccess(permissions, namespace),
      ...driftAccess(permissions, plainObjects(datasetsServer), namespace),
      ...lookAccess(namespace),
    ],
    ...(hasEnvironments && { environments: environmentsAccess(...environmentsOf("pr-7")) }),
    policies: {
      deploy: deployPolicy(args),
      preview: previewPolicy(args),
      drift: previewPolicy({ ...args, passingStacks: [] }),
      look: lookPolicy(args),
      bootstrap: bootstrapPolicy(args),
    },
  };
}

/** What environments need and are made of: one on each load balancer, as each number is on the next. */
function environmentsOf(first: string): [Permission[], ExampleEnvironment[]] {
  const { identity, file, config } = readStack(first);
  const count = file.pullRequest?.loadBalancers.length ?? 0;
  const others = Array.from(
    { length: count - 1 },
    (_, index) => readStack(`pr-${(identity.number ?? 0) + index + 1}`).config,
  );
  const all = [config, ...others].map(({ datasetsServer }) => datasetsServer);
  return [permissionsOf(config.datasetsServer), all.map(exampleEnvironment)];
}

/** Returns an environment by what it is built from. */
export function exampleEnvironment(args: DatasetsServerArgs): ExampleEnvironment {
  const { stack, namespace } = args.scope;
  return { stack, namespace, objects: plainObjects(args) };
}

function permissionsOf(args: DatasetsServerArgs): Permission[] {
  return neededPermissions(allObjects(buildObjects(args)), args.scope.namespace);
}

/** Throws for a registry that IAM has no permissions to. */
function registryOf(registry: string) {
  const place = ecrRegistry(registry);
  if (place === undefined) throw new UserError(`${registry} is no registry of ECR, and docs/access.md knows no other`);
  return place;
}
