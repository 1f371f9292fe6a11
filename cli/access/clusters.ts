import { clusterArn, type EksClusterArgs } from "../../cluster/eks";
import { UserError } from "../../cluster/userError";
import { allObjects, buildObjects, type DatasetsServerArgs } from "../../components/buildObjects";
import { secretsKey } from "../../config/accounts";
import { neededPermissions, type Permission } from "../../safety/permissions";
import { ecrRegistry } from "../aws/images";
import type { KubernetesObject } from "../lib/objects";
import { readStack } from "../lib/stackFile";
import { bootstrapPolicy, deployPolicy, type Policy, type PolicyArgs, previewPolicy } from "./iam";
import { deployAccess, environmentsAccess, previewAccess } from "./rbac";

/** What has to be on one cluster and in its account, for people and CI to deploy there and nowhere else. */
export interface ClusterAccess {
  readonly cluster: EksClusterArgs;
  readonly namespace: string;
  /** For an administrator of the cluster to apply. */
  readonly objects: readonly KubernetesObject[];
  /** What pull requests' environments need in addition. Default: the cluster has none. */
  readonly environments?: readonly KubernetesObject[];
  /** By role, for an administrator of the account; bootstrap's is for who has that of deploy as well. */
  readonly policies: { readonly deploy: Policy; readonly preview: Policy; readonly bootstrap: Policy };
}

interface ClusterStacks {
  readonly stack: string;
  /** One pull request's stack, which stands for all. Default: the cluster has none. */
  readonly environment?: string;
}

/** The clusters that stacks of a fixed name live on. */
export const documentedClusters = ["hub-prod", "hub-ephemeral"] as const;

export type DocumentedCluster = (typeof documentedClusters)[number];

const clusterStacks: Readonly<Record<DocumentedCluster, ClusterStacks>> = {
  "hub-prod": { stack: "prod" },
  "hub-ephemeral": { stack: "ephemeral", environment: "pr-7" },
};

/** What a cluster needs, from what its stacks are made of. */
export function clusterAccess(name: DocumentedCluster): ClusterAccess {
  const { stack, environment } = clusterStacks[name];
  const { cluster, datasetsServer } = readStack(stack).config;
  if (cluster.kind !== "eks") {
    throw new UserError(`stack ${stack} is on ${cluster.context}, and not on ${name}`);
  }
  const permissions = permissionsOf(datasetsServer);
  const { namespace } = datasetsServer.scope;
  const environments = environment && environmentsAccess(permissionsOf(readStack(environment).config.datasetsServer));
  const args: PolicyArgs = {
    clusterArn: clusterArn(cluster),
    account: cluster.account,
    key: secretsKey(name),
    registry: registryOf(datasetsServer.images.registry),
    stacks: [stack],
    ...(environment && { passingStacks: ["pr-*"] }),
  };
  return {
    cluster,
    namespace,
    objects: [...deployAccess(permissions), ...previewAccess(permissions, namespace)],
    ...(environments && { environments }),
    policies: { deploy: deployPolicy(args), preview: previewPolicy(args), bootstrap: bootstrapPolicy(args) },
  };
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
