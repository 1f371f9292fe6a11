import { z } from "zod";
import type { ClientArgs } from "../../cluster/kubernetesClient";
import { UserError } from "../../cluster/userError";
import { checkpointKey, parseCheckpoint } from "./checkpoint";
import type { StateStore } from "./store";

const providerType = "pulumi:providers:kubernetes";

const providerInputs = z.object({ kubeconfig: z.string(), context: z.string() });

/**
 * Returns how to reach the cluster that resources were deployed to; undefined where none of them is the provider. Its kubeconfig
 * holds no secret: each use asks for a token.
 */
export function clusterOf(
  resources: readonly { readonly type: string; readonly inputs?: unknown }[],
): ClientArgs | undefined {
  const provider = resources.find(({ type }) => type === providerType);
  return provider && providerInputs.parse(provider.inputs);
}

/** What the last update of a stack has deployed, and where. */
export interface Deployed {
  readonly cluster: ClientArgs;
  /** Every Kubernetes object as it was given; what is secret in it is encrypted. */
  readonly inputs: readonly { readonly kind: string; readonly [field: string]: unknown }[];
}

/**
 * Reads from its state what a stack has deployed.
 *
 * @throws when the stack has deployed nothing, or its state is damaged.
 */
export async function readDeployed(store: StateStore, stack: string): Promise<Deployed> {
  const checkpoint = parseCheckpoint((await store.read(checkpointKey(stack))) ?? "{}");
  if (checkpoint === undefined) throw new UserError(`the state of ${stack} is damaged`, `ds restore ${stack}`);
  const resources = checkpoint.resources ?? [];
  const cluster = clusterOf(resources);
  if (cluster === undefined) throw new UserError(`stack ${stack} has deployed nothing yet`, `ds deploy ${stack}`);
  const inputs = resources
    .filter(({ type }) => type.startsWith("kubernetes:"))
    .map(({ inputs }) => ({ ...inputs, kind: String(inputs?.kind) }));
  return { cluster, inputs };
}
