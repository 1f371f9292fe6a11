import fs from "node:fs/promises";
import path from "node:path";
import { type ClusterOptions, type PodStages, startCluster } from "../../../tools/cluster";
import { findTools } from "../../../tools/install";
import { localGroups } from "../../../tools/toolbox";
import { connect, type Kubernetes } from "./kubernetes";

/** A Kubernetes cluster of the tests. */
export interface Cluster {
  readonly kubeconfig: string;
  readonly kubernetes: Kubernetes;
  /** Ends its processes and removes its files. */
  stop(): Promise<void>;
}

/**
 * Starts a cluster that lives in `workspace`, an existing folder; its API server gets these further arguments.
 *
 * @throws when the tools are not installed, or it does not get ready.
 */
export async function newCluster(
  workspace: string,
  podStages: PodStages,
  apiServerArgs: ClusterOptions["apiServerArgs"] = {},
): Promise<Cluster> {
  const { kubeconfig, stop } = await startCluster(findTools(localGroups), workspace, {
    podStages,
    apiServerArgs,
    log: () => {},
  });
  return { kubeconfig, kubernetes: connect(kubeconfig), stop };
}

/** The files of kwok's own Stages for pods, which are ready at once and gone at once. */
export async function fastPodStages(): Promise<string[]> {
  const folder = findTools(["cluster"])["kwok-stages"];
  const names = await fs.readdir(folder);
  return names.filter((name) => name.startsWith("pod-")).map((name) => path.join(folder, name));
}
