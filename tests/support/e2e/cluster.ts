import { randomBytes } from "node:crypto";
import fs from "node:fs/promises";
import path from "node:path";
import { type PodStages, startCluster } from "../../../tools/cluster";
import { findTools } from "../../../tools/install";
import { tokenAuthFile } from "../aws";
import { connect, type Kubernetes } from "./kubernetes";

/** A Kubernetes cluster of the tests. */
export interface Cluster {
  readonly kubeconfig: string;
  readonly kubernetes: Kubernetes;
  /** Opens the API server with all rights, as what `aws eks get-token` gives does on EKS. */
  readonly token: string;
  /** Ends its processes and removes its files. */
  stop(): Promise<void>;
}

/**
 * Starts a cluster that lives in `workspace`, an existing folder.
 *
 * @throws when the tools are not installed, or it does not get ready.
 */
export async function newCluster(workspace: string, podStages: PodStages): Promise<Cluster> {
  const token = randomBytes(24).toString("hex");
  const tokenFile = path.join(workspace, "tokens.csv");
  await fs.writeFile(tokenFile, tokenAuthFile(token, "deployer", ["system:masters"]), { mode: 0o600 });
  const apiServerArgs = { "token-auth-file": tokenFile };
  const { kubeconfig, stop } = await startCluster(findTools(), workspace, { podStages, apiServerArgs, log: () => {} });
  return { kubeconfig, kubernetes: connect(kubeconfig), token, stop };
}

/** The files of kwok's own Stages for pods, which are ready at once and gone at once. */
export async function fastPodStages(): Promise<string[]> {
  const folder = findTools()["kwok-stages"];
  const names = await fs.readdir(folder);
  return names.filter((name) => name.startsWith("pod-")).map((name) => path.join(folder, name));
}
