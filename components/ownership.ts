import * as pulumi from "@pulumi/pulumi";
import { causeOf, type KubernetesClient } from "./kubernetesClient";
import { stackLabel } from "./names";

export interface OwnershipArgs {
  readonly stack: string;
  /** The cluster to look in; asked for only when something is created. */
  readonly kubernetes: () => Promise<KubernetesClient>;
}

/** What the cluster knows of an object: its labels, or undefined when there is no such object. */
export type FindLabels = (object: ObjectReference) => Promise<Readonly<Record<string, string>> | undefined>;

export interface ObjectReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

/**
 * A hook that refuses to create an object which is already there and is not this stack's.
 *
 * The provider would take such an object over without a word, and a later destroy would delete it. One that carries
 * this stack's label is what an interrupted run left behind, and is welcome.
 */
export function ownershipHook(args: OwnershipArgs): pulumi.ResourceHook {
  const findLabels = clusterLabels(args.kubernetes);
  return new pulumi.ResourceHook(
    `${args.stack}-ownership`,
    async ({ newInputs }) => {
      if (isObjectReference(newInputs)) {
        await refuseForeign(newInputs, args.stack, findLabels);
      }
    },
    { onDryRun: true },
  );
}

/** Has the hooks run before every creation of a Kubernetes object below the resource with this transformation. */
export function guardObjects(hooks: readonly pulumi.ResourceHook[]): pulumi.ResourceTransformation {
  return ({ type, props, opts }) =>
    type.startsWith("kubernetes:")
      ? { props, opts: pulumi.mergeOptions(opts, { hooks: { beforeCreate: [...hooks] } }) }
      : undefined;
}

/** Throws when the object exists and is not the stack's own. */
export async function refuseForeign(object: ObjectReference, stack: string, findLabels: FindLabels): Promise<void> {
  const labels = await findLabels(object);
  if (labels === undefined || labels[stackLabel] === stack) {
    return;
  }
  const { name, namespace } = object.metadata;
  const owner = labels[stackLabel];
  throw new Error(
    `${object.kind} ${namespace ? `${namespace}/` : ""}${name} already exists and ` +
      `${owner ? `belongs to stack ${owner}` : `does not belong to a stack (it has no label ${stackLabel})`}. ` +
      `Creating it would take it over, and a later destroy would delete it. Rename or remove it, or, if it is ` +
      `stack ${stack}'s own, label it ${stackLabel}=${stack}; then run again.`,
  );
}

function isObjectReference(inputs: unknown): inputs is ObjectReference {
  return typeof inputs === "object" && inputs !== null && "kind" in inputs && "metadata" in inputs;
}

function clusterLabels(kubernetes: OwnershipArgs["kubernetes"]): FindLabels {
  return async (object) => {
    const { objects, isNotFound } = await kubernetes();
    try {
      const { metadata } = await objects.read(object);
      return metadata?.labels ?? {};
    } catch (error) {
      if (isNotFound(error)) {
        return undefined;
      }
      const { kind, metadata } = object;
      throw new Error(`cannot tell whether ${kind} ${metadata.name} exists already: ${causeOf(error)}`);
    }
  };
}
