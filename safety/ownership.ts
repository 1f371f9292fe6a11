import type { V1ObjectMeta } from "@kubernetes/client-node";
import * as pulumi from "@pulumi/pulumi";
import { type Scope, stackLabel } from "../catalog/names";
import { type LiveObjects, type ObjectReference, objectText } from "../cluster/liveObjects";
import { isOfRelease } from "./adoption";

export interface OwnershipArgs {
  readonly scope: Scope;
  /** Whether the run may take over the objects of the Helm release whose names the stack keeps. */
  readonly adopt: boolean;
}

/**
 * A hook that refuses to create an object which is already there and is not this stack's.
 *
 * The provider would take such an object over without a word, and a later destroy would delete it. One that carries
 * this stack's label is what an interrupted run left behind, and is welcome; so is one that the run may take over.
 */
export function ownershipHook(live: LiveObjects, args: OwnershipArgs): pulumi.ResourceHook {
  return new pulumi.ResourceHook(
    `${args.scope.stack}-ownership`,
    async ({ newInputs }) => {
      if (isObjectReference(newInputs)) {
        refuseForeign(newInputs, await live.find(newInputs), args);
      }
    },
    { onDryRun: true },
  );
}

/** Has the hooks run before each creation and update of a Kubernetes object below the resource with this transformation. */
export function guardObjects({
  beforeCreate,
  beforeUpdate = [],
}: {
  readonly beforeCreate: readonly pulumi.ResourceHook[];
  readonly beforeUpdate?: readonly pulumi.ResourceHook[];
}): pulumi.ResourceTransformation {
  const hooks = {
    beforeCreate: [...beforeCreate],
    ...(beforeUpdate.length > 0 && { beforeUpdate: [...beforeUpdate] }),
  };
  return ({ type, props, opts }) =>
    type.startsWith("kubernetes:") ? { props, opts: pulumi.mergeOptions(opts, { hooks }) } : undefined;
}

/** Throws when the object, of which nothing is found when it does not exist, is neither the stack's own nor to be taken over. */
export function refuseForeign(
  object: ObjectReference,
  found: V1ObjectMeta | undefined,
  { scope: { stack, namespace, helmRelease }, adopt }: OwnershipArgs,
): void {
  const owner = found?.labels?.[stackLabel];
  const isChart = helmRelease !== undefined && !owner && isOfRelease(found, { name: helmRelease, namespace });
  if (found === undefined || owner === stack || (adopt && isChart)) {
    return;
  }
  throw new Error(
    `${objectText(object)} already exists and ` +
      `${owner ? `belongs to stack ${owner}` : `does not belong to a stack (it has no label ${stackLabel})`}. ` +
      `Creating it would take it over, and a later destroy would delete it. Rename or remove it, or, if it is ` +
      `stack ${stack}'s own, label it ${stackLabel}=${stack}; then run again.`,
  );
}

function isObjectReference(inputs: unknown): inputs is ObjectReference {
  return typeof inputs === "object" && inputs !== null && "kind" in inputs && "metadata" in inputs;
}
