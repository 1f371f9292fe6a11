import type * as pulumi from "@pulumi/pulumi";
import { isDryRun } from "@pulumi/pulumi/runtime";
import { requireRights } from "./accessReview";
import type { ClusterArgs, ClusterConnection } from "./cluster";
import { findConflicts, refuseConflicts, warnOfConflicts } from "./conflicts";
import type { DatasetsServerArgs } from "./datasetsServer";
import { kubernetesClient } from "./kubernetesClient";
import { liveObjects } from "./liveObjects";
import { wholeStack } from "./losses";
import { lossGuard } from "./lossGuard";
import { stayOnCluster } from "./oneCluster";
import { type OwnershipArgs, ownershipHook } from "./ownership";
import { neededRights } from "./rights";
import { takeOverOf } from "./takeOver";

export interface GuardArgs extends Pick<OwnershipArgs, "takeOver"> {
  readonly cluster: ClusterArgs;
  /** Whether the run only renders objects, and there is no cluster to ask. */
  readonly offline: boolean;
  /** Whether the stack file specifies how the stack and a live Helm release in its namespace get along. */
  readonly specifiesCutover: boolean;
  /** What the run may delete or replace. Default: anything. */
  readonly allowedLosses?: readonly string[] | undefined;
  readonly datasetsServer: Omit<DatasetsServerArgs, keyof Guards["objects"]>;
}

/** What keeps a run from doing harm on a cluster where it is not alone. */
export interface Guards {
  /** Options of the Kubernetes provider: it stays on the cluster that the stack's objects are on. */
  readonly provider: pulumi.ResourceOptions;
  /** What the objects are made under: none is anybody else's, and none that is needed goes unasked. */
  readonly objects: Pick<DatasetsServerArgs, "beforeCreate" | "beforeUpdate" | "lossGuard" | "takeOver">;
}

/**
 * The guards of a run; none where it only renders.
 *
 * Throws a Refusal, before anything is registered on the cluster, when an update lacks rights there, when it would be in the
 * way of a Helm release or of another Ingress, and for each reason of takeOverOf.
 */
export async function guardsOf(connection: ClusterConnection, args: GuardArgs): Promise<Guards> {
  const { cluster, takeOver, offline, specifiesCutover, allowedLosses, datasetsServer } = args;
  if (offline) {
    return { provider: {}, objects: { beforeCreate: [] } };
  }
  const { scope, entrances } = datasetsServer;
  const kubernetes = kubernetesClient(connection);
  // A preview changes nothing, and its role may not do what an update does.
  if (!isDryRun()) {
    await requireRights(kubernetes, neededRights(datasetsServer));
  }
  const live = liveObjects(kubernetes);
  const taken = await takeOverOf(live, scope, takeOver);
  const look = () => findConflicts(live, { scope, specifiesCutover, entrances });
  const isShared = cluster.kind === "eks";
  // What destroys the whole stack is in nobody's way.
  if (isShared && !isDryRun() && !allowedLosses?.includes(wholeStack(scope.stack))) {
    refuseConflicts(scope.stack, await look());
  }
  const warning = isShared && isDryRun() ? [warnOfConflicts(scope.stack, look)] : [];
  return {
    provider: stayOnCluster(scope.stack, connection.identifier),
    objects: {
      beforeCreate: [ownershipHook(live, { scope, takeOver }), ...warning],
      beforeUpdate: warning,
      ...(allowedLosses && { lossGuard: lossGuard({ stack: scope.stack, allowed: allowedLosses }) }),
      ...(taken && { takeOver: taken }),
    },
  };
}
