import { existsSync } from "node:fs";
import fs from "node:fs/promises";
import path from "node:path";
import { keepsRealNode, realNodeFolder, removeRealNode } from "../realNode";
import type { Toolbox } from "../toolbox";
import type { WorkspacePaths } from "../workspace";
import { clusterName, components } from "./config";
import { kubectl } from "./kubectl";
import { findProcesses, killProcesses } from "./processes";

/**
 * `running`: all processes are there and the API is ready. `unhealthy`: some processes are, as while it starts.
 * `stopped`: only files are left. `absent`: nothing is.
 */
export type ClusterStatus = "absent" | "stopped" | "unhealthy" | "running";

const answerLimitMs = 5_000;

/** Returns the folder in which kwokctl keeps a cluster of this workspace: `bin`, `logs`, `pki`. */
export function kwokFolder(paths: WorkspacePaths): string {
  return path.join(paths.cluster, ".kwok", "clusters", clusterName);
}

export async function statusOf(toolbox: Toolbox, paths: WorkspacePaths): Promise<ClusterStatus> {
  const running = await runningComponents(paths);
  const nodeIsThere = !existsSync(realNodeFolder(paths)) || (await isKept(paths));
  if (running.length === components.length && nodeIsThere && (await isReady(toolbox, paths))) return "running";
  if ((await findProcesses(belongsTo(toolbox, paths))).length > 0) return "unhealthy";
  return existsSync(paths.cluster) || existsSync(paths.kubeconfig) ? "stopped" : "absent";
}

/** Returns the names of those processes of the cluster that are there. */
export async function runningComponents(paths: WorkspacePaths): Promise<string[]> {
  const folder = path.join(kwokFolder(paths), "bin") + path.sep;
  const processes = await findProcesses((commandLine) => commandLine.startsWith(folder));
  return components.filter((name) => processes.some(({ commandLine }) => commandLine.startsWith(`${folder}${name} `)));
}

/** Ends what runs at once: the data goes too, so nothing is gained by an orderly end. */
export async function removeCluster(toolbox: Toolbox, paths: WorkspacePaths): Promise<void> {
  await fs.rm(paths.kubeconfig, { force: true });
  await killProcesses(belongsTo(toolbox, paths));
  await removeRealNode(paths);
  await fs.rm(paths.cluster, { recursive: true, force: true });
  await fs.rm(paths.kubectlCache, { recursive: true, force: true });
}

/** kwokctl starts every process through a link in the workspace; it and our kubectl are given files there. */
function belongsTo(toolbox: Toolbox, paths: WorkspacePaths): (commandLine: string) => boolean {
  const inside = paths.cluster + path.sep;
  return (commandLine) =>
    commandLine.startsWith(inside) ||
    keepsRealNode(paths, commandLine) ||
    ([toolbox.kwokctl, toolbox.kubectl].some((tool) => commandLine.startsWith(`${tool} `)) &&
      commandLine.includes(inside));
}

async function isKept(paths: WorkspacePaths): Promise<boolean> {
  return (await findProcesses((commandLine) => keepsRealNode(paths, commandLine))).length > 0;
}

async function isReady(toolbox: Toolbox, paths: WorkspacePaths): Promise<boolean> {
  const timeout = `--request-timeout=${answerLimitMs}ms`;
  return (await kubectl(toolbox, paths, paths.kubeconfig, ["get", "--raw", "/readyz", timeout])).code === 0;
}
