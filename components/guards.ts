import type * as pulumi from "@pulumi/pulumi";
import { isDryRun } from "@pulumi/pulumi/runtime";
import { requireRights } from "./accessReview";
import type { ClusterConnection } from "./cluster";
import type { DatasetsServerArgs } from "./datasetsServer";
import { deletionGuard } from "./deletionGuard";
import { kubernetesClient } from "./kubernetesClient";
import { liveObjects } from "./liveObjects";
import { stayOnCluster } from "./oneCluster";
import { type OwnershipArgs, ownershipHook } from "./ownership";
import { neededRights } from "./rights";
import { takeOverOf } from "./takeOver";

export interface GuardArgs extends Pick<OwnershipArgs, "takeOver"> {
  /** Whether the run only renders objects, and there is no cluster to ask. */
  readonly offline: boolean;
  /** What the run may delete or replace. Default: anything. */
  readonly allowedDeletions?: readonly string[] | undefined;
  readonly datasetsServer: Omit<DatasetsServerArgs, keyof Guards["objects"]>;
}

/** What keeps a run from doing harm on a cluster where it is not alone. */
export interface Guards {
  /** Options of the Kubernetes provider: it stays on the cluster that the stack's objects are on. */
  readonly provider: pulumi.ResourceOptions;
  /** What the objects are made under: none is anybody else's, and none that is needed goes unasked. */
  readonly objects: Pick<DatasetsServerArgs, "beforeCreate" | "deletionGuard" | "takeOver">;
}

/**
 * The guards of a run; none where it only renders.
 *
 * Throws a Refusal, before anything is registered, when an update lacks rights on the cluster, and for each reason of
 * takeOverOf.
 */
export async function guardsOf(connection: ClusterConnection, args: GuardArgs): Promise<Guards> {
  const { takeOver, offline, allowedDeletions, datasetsServer } = args;
  if (offline) {
    return { provider: {}, objects: { beforeCreate: [] } };
  }
  const { scope } = datasetsServer;
  const kubernetes = kubernetesClient(connection);
  // A preview changes nothing, and its role may not do what an update does.
  if (!isDryRun()) {
    await requireRights(kubernetes, neededRights(datasetsServer));
  }
  const live = liveObjects(kubernetes);
  const taken = await takeOverOf(live, scope, takeOver);
  return {
    provider: stayOnCluster(scope.stack, connection.identifier),
    objects: {
      beforeCreate: [ownershipHook(live, { scope, takeOver })],
      ...(allowedDeletions && { deletionGuard: deletionGuard({ stack: scope.stack, allowed: allowedDeletions }) }),
      ...(taken && { takeOver: taken }),
    },
  };
}
