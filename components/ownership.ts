import * as pulumi from "@pulumi/pulumi";
import { stackLabel } from "./names";

export interface OwnershipArgs {
  readonly stack: string;
  /** The cluster to look in: a kubeconfig's text or its path, and the context to use. */
  readonly kubeconfig: string;
  readonly context: string;
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
  const findLabels = clusterLabels(args);
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

function clusterLabels({ kubeconfig, context }: OwnershipArgs): FindLabels {
  // Loading a Kubernetes client takes most of a second, so only a run that creates something loads it.
  let client: ReturnType<typeof connect> | undefined;
  return async (object) => {
    client ??= connect(kubeconfig, context);
    const { api, isNotFound } = await client;
    try {
      const { metadata } = await api.read(object);
      return metadata?.labels ?? {};
    } catch (error) {
      if (isNotFound(error)) {
        return undefined;
      }
      const { kind, metadata } = object;
      const cause = error instanceof Error ? error.message.split("\n")[0] : String(error);
      throw new Error(`cannot tell whether ${kind} ${metadata.name} exists already: ${cause}`);
    }
  };
}

async function connect(kubeconfig: string, context: string) {
  const k8s = await import("@kubernetes/client-node");
  const config = new k8s.KubeConfig();
  if (kubeconfig.includes("\n") || kubeconfig.startsWith("{")) {
    config.loadFromString(kubeconfig);
  } else {
    config.loadFromFile(kubeconfig);
  }
  config.setCurrentContext(context);
  return {
    api: k8s.KubernetesObjectApi.makeApiClient(config),
    isNotFound: (error: unknown) => error instanceof k8s.ApiException && error.code === 404,
  };
}
