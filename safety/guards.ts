import * as pulumi from "@pulumi/pulumi";
import { isDryRun } from "@pulumi/pulumi/runtime";
import type { ClusterArgs, ClusterConnection } from "../cluster/cluster";
import { kubernetesClient } from "../cluster/kubernetesClient";
import { liveObjects } from "../cluster/liveObjects";
import { stayOnCluster } from "../cluster/oneCluster";
import type { DatasetsServerArgs } from "../components/buildObjects";
import type { AnyObject } from "../components/objects";
import { requirePermissions } from "./accessReview";
import { findAdoption, registerAsItIs } from "./adoption";
import { changeGuard } from "./changeGuard";
import { findConflicts, requireNoConflicts, warnOfConflicts } from "./conflicts";
import { fieldOwnershipHook } from "./fieldOwnership";
import { type OwnershipArgs, ownershipHook } from "./ownership";
import { neededPermissions } from "./permissions";
import { type UpdatePermissions, wholeStack } from "./protection";

export interface GuardArgs extends Pick<OwnershipArgs, "adopt">, Pick<UpdatePermissions, "allowed" | "strictness"> {
  readonly cluster: ClusterArgs;
  /** Whether the stack file specifies how the stack and a live Helm release in its namespace get along. */
  readonly specifiesCutover: boolean;
  readonly datasetsServer: Pick<DatasetsServerArgs, "scope" | "endpoints">;
}

/** What keeps a run from doing harm on a cluster that it shares with others. */
export interface Guards {
  /** Options of the Kubernetes provider: it stays on the cluster that the stack's objects are on. */
  readonly provider: pulumi.ResourceOptions;
  /** Options of the component of all objects: each is the stack's own, and protected ones are not deleted unasked. */
  readonly server: pulumi.ComponentResourceOptions;
}

/**
 * Returns the guards of a run that registers these objects.
 *
 * Throws a UserError, before anything is registered on the cluster, when an update lacks permissions there, when it would harm
 * a Helm release or the Ingresses of others, and for each reason of findAdoption.
 */
export async function guardsOf(
  connection: ClusterConnection,
  { cluster, adopt, specifiesCutover, allowed, strictness, datasetsServer: { scope, endpoints } }: GuardArgs,
  objects: readonly AnyObject[],
): Promise<Guards> {
  const kubernetes = kubernetesClient(connection);
  // A preview changes nothing, and its role may not do what an update does.
  if (!isDryRun()) {
    await requirePermissions(kubernetes, neededPermissions(objects, scope.namespace));
  }
  const live = liveObjects(kubernetes);
  const adoption = await findAdoption(live, scope, adopt);
  const look = () => findConflicts(live, { scope, specifiesCutover, endpoints });
  const isShared = cluster.kind === "eks";
  // What destroys the whole stack harms no one else.
  if (isShared && !isDryRun() && !allowed.includes(wholeStack(scope.stack))) {
    requireNoConflicts(scope.stack, await look());
  }
  const warning = isShared && isDryRun() ? [warnOfConflicts(scope.stack, look)] : [];
  const hooks = {
    beforeCreate: [ownershipHook(live, { scope, adopt }), ...warning],
    beforeUpdate: [...warning, fieldOwnershipHook(scope.stack, live)],
  };
  return {
    provider: stayOnCluster(scope.stack, connection.identifier),
    server: {
      transformations: [
        ({ type, props, opts }) =>
          type.startsWith("kubernetes:") ? { props, opts: pulumi.mergeOptions(opts, { hooks }) } : undefined,
        changeGuard(live, { stack: scope.stack, strictness, allowed }),
        ...(adoption ? [registerAsItIs(adoption)] : []),
      ],
    },
  };
}
