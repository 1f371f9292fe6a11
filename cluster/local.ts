import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import type { ClientArgs } from "./kubernetesClient";
import { checkReachable } from "./reachable";
import { UserError } from "./userError";

/** A Kubernetes API on this machine. */
export interface LocalClusterArgs {
  readonly kind: "local";
  readonly kubeconfigPath: string;
  readonly context: string;
}

/** Returns how to reach the local cluster, after it was found to be there and within reach. */
export async function connectLocal({ kubeconfigPath, context }: LocalClusterArgs): Promise<ClientArgs> {
  const next = "ds up";
  if (!existsSync(kubeconfigPath)) {
    throw new UserError(`the local cluster is not there (no kubeconfig at ${kubeconfigPath})`, next);
  }
  const text = await readFile(kubeconfigPath, "utf8");
  // As it was made; what kubectl has changed is YAML.
  const kubeconfig: { clusters: { cluster: { server: string; "certificate-authority-data"?: string } }[] } =
    text.startsWith("{") ? JSON.parse(text) : (await import("yaml")).parse(text);
  const { server = "", "certificate-authority-data": certificateAuthority } = kubeconfig.clusters[0]?.cluster ?? {};
  await checkReachable(server, `${next}, as the local cluster is down or slow`, { certificateAuthority });
  return { kubeconfig: kubeconfigPath, context };
}
