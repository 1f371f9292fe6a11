import { existsSync } from "node:fs";
import fs from "node:fs/promises";
import { withLock } from "../lock";
import type { RealNodeArgs } from "../realNode";
import type { Toolbox } from "../toolbox";
import { type WorkspacePaths, workspacePaths } from "../workspace";
import type { ComponentArgs } from "./config";
import { createCluster } from "./creation";
import { type ClusterStatus, removeCluster, statusOf } from "./presence";
import type { PodStages } from "./stages";

export type { ClusterStatus } from "./presence";
export type { PodStages } from "./stages";

export interface ClusterOptions {
  /** How pods behave. Default: `fast`. */
  readonly podStages?: PodStages;
  /** Further arguments of the API server, without the leading dashes. Default: none. */
  readonly apiServerArgs?: ComponentArgs;
  /** The node that runs pods. Default: the nodes are simulated. */
  readonly realNode?: RealNodeArgs;
  /** Receives each line of progress. Default: printed on stdout. */
  readonly log?: (line: string) => void;
}

export interface ClusterHandle {
  readonly kubeconfig: string;
  /** False when a running cluster was found; its options are then those it was started with. */
  readonly created: boolean;
  stop(): Promise<void>;
}

/**
 * Makes sure that the workspace's cluster runs: a real API server with scheduler, controllers, authorization and
 * admission; simulated nodes; the custom resources of the Prometheus operator; an ingress class `alb`. A running one
 * is left as it is; a dead or half-made one is removed with all it held and recreated.
 *
 * @throws when it does not get ready within two minutes, with what its processes said last. Nothing of it is left then.
 */
export async function startCluster(
  toolbox: Toolbox,
  workspaceDir: string,
  options: ClusterOptions = {},
): Promise<ClusterHandle> {
  const { podStages = "fast", apiServerArgs = {}, realNode, log = console.log } = options;
  await fs.mkdir(workspaceDir, { recursive: true });
  const paths = await realPaths(workspaceDir);
  const created = await withClusterLock(paths, log, async () => {
    const status = await statusOf(toolbox, paths);
    if (status === "running") {
      log("local cluster: already running");
      return false;
    }
    if (status !== "absent") log(`local cluster: removing one that is ${status}`);
    await removeCluster(toolbox, paths);
    await createCluster(toolbox, paths, { podStages, apiServerArgs, realNode, log });
    return true;
  });
  return { kubeconfig: paths.kubeconfig, created, stop: () => stopCluster(toolbox, workspaceDir, log) };
}

/** Ends every process of the workspace's cluster and removes its files. Does nothing when there is none. */
export async function stopCluster(
  toolbox: Toolbox,
  workspaceDir: string,
  log: (line: string) => void = console.log,
): Promise<void> {
  if ((await clusterStatus(toolbox, workspaceDir)) === "absent") return;
  const paths = await realPaths(workspaceDir);
  await withClusterLock(paths, log, () => removeCluster(toolbox, paths));
  log("local cluster: stopped and removed");
}

/** Looks and changes nothing. */
export async function clusterStatus(toolbox: Toolbox, workspaceDir: string): Promise<ClusterStatus> {
  return existsSync(workspaceDir) ? statusOf(toolbox, await realPaths(workspaceDir)) : "absent";
}

/** Without links, because a cluster's processes are recognised by the paths in their command lines. */
async function realPaths(workspaceDir: string): Promise<WorkspacePaths> {
  return workspacePaths(await fs.realpath(workspaceDir));
}

function withClusterLock<T>(paths: WorkspacePaths, log: (line: string) => void, action: () => Promise<T>): Promise<T> {
  const onWait = () => log("local cluster: waiting for the command that starts or stops it now");
  return withLock(paths.clusterLock, onWait, action);
}
