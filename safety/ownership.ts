import type { V1ObjectMeta } from "@kubernetes/client-node";
import * as pulumi from "@pulumi/pulumi";
import { type Scope, stackLabel } from "../catalog/names";
import { type LiveObjects, type ObjectReference, objectText } from "../cluster/liveObjects";
import { isOfRelease } from "./adoption";

export interface OwnershipArgs {
  readonly scope: Scope;
  /** Whether the run may adopt the objects of the Helm release whose names the stack keeps. */
  readonly adopt: boolean;
}

/**
 * Returns a hook that fails the creation of an object which exists already and is not this stack's.
 *
 * The provider would adopt such an object in silence, and a later destroy would delete it. One that carries this stack's label
 * is what an interrupted run left behind, and is accepted; so is one that the run may adopt.
 */
export function ownershipHook(live: LiveObjects, args: OwnershipArgs): pulumi.ResourceHook {
  return new pulumi.ResourceHook(
    `${args.scope.stack}-ownership`,
    async ({ newInputs }) => {
      if (isObjectReference(newInputs)) {
        requireOwn(newInputs, (await live.find(newInputs))?.metadata, args);
      }
    },
    { onDryRun: true },
  );
}

/** Throws when the object exists, which `found` tells, and is neither the stack's own nor one that the run may adopt. */
export function requireOwn(
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
      `Creating it would adopt it, and a later destroy would delete it. Rename or remove it, or, if it is ` +
      `stack ${stack}'s own, label it ${stackLabel}=${stack}; then run again.`,
  );
}

function isObjectReference(inputs: unknown): inputs is ObjectReference {
  return typeof inputs === "object" && inputs !== null && "kind" in inputs && "metadata" in inputs;
}
