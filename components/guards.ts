import type * as pulumi from "@pulumi/pulumi";
import { isDryRun } from "@pulumi/pulumi/runtime";
import { requireRights } from "./accessReview";
import type { ClusterConnection } from "./cluster";
import { kubernetesClient } from "./kubernetesClient";
import { liveObjects } from "./liveObjects";
import { deletionGuard } from "./deletionGuard";
import type { Scope } from "./names";
import type { AnyObject } from "./objects";
import { stayOnCluster } from "./oneCluster";
import { guardObjects, type OwnershipArgs, ownershipHook } from "./ownership";
import { neededRights } from "./rights";
import { registerAsItIs, takeOverOf } from "./takeOver";

export interface GuardArgs extends Pick<OwnershipArgs, "takeOver"> {
  readonly scope: Scope;
  /** All that the run registers. */
  readonly objects: readonly AnyObject[];
  /** What the run may delete or replace. Default: anything. */
  readonly allowedDeletions?: readonly string[] | undefined;
}

/** What keeps a run from doing harm on a cluster where it is not alone. */
export interface Guards {
  /** Options of the Kubernetes provider: it stays on the cluster that the stack's objects are on. */
  readonly provider: pulumi.ResourceOptions;
  /** Options of the component of all objects: none is anybody else's, and none that is needed goes unasked. */
  readonly server: pulumi.ComponentResourceOptions;
}

/**
 * The guards of a run.
 *
 * Throws a Refusal, before anything is registered, when an update lacks rights on the cluster, and for each reason of
 * takeOverOf.
 */
export async function guardsOf(connection: ClusterConnection, args: GuardArgs): Promise<Guards> {
  const { scope, objects, takeOver, allowedDeletions } = args;
  const kubernetes = kubernetesClient(connection);
  // A preview changes nothing, and its role may not do what an update does.
  if (!isDryRun()) {
    await requireRights(kubernetes, neededRights(objects, scope.namespace));
  }
  const live = liveObjects(kubernetes);
  const taken = await takeOverOf(live, scope, takeOver);
  return {
    provider: stayOnCluster(scope.stack, connection.identifier),
    server: {
      transformations: [
        guardObjects([ownershipHook(live, { scope, takeOver })]),
        ...(allowedDeletions ? [deletionGuard({ stack: scope.stack, allowed: allowedDeletions })] : []),
        ...(taken ? [registerAsItIs(taken)] : []),
      ],
    },
  };
}
