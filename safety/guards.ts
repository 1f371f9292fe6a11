import type * as pulumi from "@pulumi/pulumi";
import { isDryRun } from "@pulumi/pulumi/runtime";
import type { ClusterArgs, ClusterConnection } from "../cluster/cluster";
import { kubernetesClient } from "../cluster/kubernetesClient";
import { liveObjects } from "../cluster/liveObjects";
import { stayOnCluster } from "../cluster/oneCluster";
import type { DatasetsServerArgs } from "../components/buildObjects";
import type { AnyObject } from "../components/objects";
import { requireRights } from "./accessReview";
import { findConflicts, refuseConflicts, warnOfConflicts } from "./conflicts";
import { deletionGuard } from "./deletionGuard";
import { guardObjects, type OwnershipArgs, ownershipHook } from "./ownership";
import { neededRights } from "./permissions";
import { wholeStack } from "./protection";
import { registerAsItIs, takeOverOf } from "./takeOver";

export interface GuardArgs extends Pick<OwnershipArgs, "takeOver"> {
  readonly cluster: ClusterArgs;
  /** Whether the stack file specifies how the stack and a live Helm release in its namespace get along. */
  readonly specifiesCutover: boolean;
  /** What the run may delete or replace. Default: anything. */
  readonly allowedDeletions?: readonly string[] | undefined;
  readonly datasetsServer: Pick<DatasetsServerArgs, "scope" | "endpoints">;
}

/** What keeps a run from doing harm on a cluster where it is not alone. */
export interface Guards {
  /** Options of the Kubernetes provider: it stays on the cluster that the stack's objects are on. */
  readonly provider: pulumi.ResourceOptions;
  /** Options of the component of all objects: none is anybody else's, and none that is needed goes unasked. */
  readonly server: pulumi.ComponentResourceOptions;
}

/**
 * The guards of a run that registers these objects.
 *
 * Throws a UserError, before anything is registered on the cluster, when an update lacks rights there, when it would be in the
 * way of a Helm release or of another Ingress, and for each reason of takeOverOf.
 */
export async function guardsOf(
  connection: ClusterConnection,
  args: GuardArgs,
  objects: readonly AnyObject[],
): Promise<Guards> {
  const { cluster, takeOver, specifiesCutover, allowedDeletions, datasetsServer } = args;
  const { scope, endpoints } = datasetsServer;
  const kubernetes = kubernetesClient(connection);
  // A preview changes nothing, and its role may not do what an update does.
  if (!isDryRun()) {
    await requireRights(kubernetes, neededRights(objects, scope.namespace));
  }
  const live = liveObjects(kubernetes);
  const taken = await takeOverOf(live, scope, takeOver);
  const look = () => findConflicts(live, { scope, specifiesCutover, endpoints });
  const isShared = cluster.kind === "eks";
  // What destroys the whole stack is in nobody's way.
  if (isShared && !isDryRun() && !allowedDeletions?.includes(wholeStack(scope.stack))) {
    refuseConflicts(scope.stack, await look());
  }
  const warning = isShared && isDryRun() ? [warnOfConflicts(scope.stack, look)] : [];
  return {
    provider: stayOnCluster(scope.stack, connection.identifier),
    server: {
      transformations: [
        guardObjects({ beforeCreate: [ownershipHook(live, { scope, takeOver }), ...warning], beforeUpdate: warning }),
        ...(allowedDeletions ? [deletionGuard({ stack: scope.stack, allowed: allowedDeletions })] : []),
        ...(taken ? [registerAsItIs(taken)] : []),
      ],
    },
  };
}
