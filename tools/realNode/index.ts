import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, openSync } from "node:fs";
import fs from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { volumeCount, volumeFolder } from "../cluster/objects";
import { freePorts } from "../cluster/ports";
import { findProcesses, killProcesses } from "../cluster/processes";
import { run } from "../run";
import { pauseImage, type StandInImage, writeStandInImages } from "../standin";
import type { ToolPaths } from "../toolbox";
import type { WorkspacePaths } from "../workspace";
import { removeCgroup } from "./cgroups";
import { importing, type LoadBalancerPorts, type RealNodeSettings, sockets } from "./settings";

export { realNodeProblems } from "./requirements";

/** What a real node is made of. */
export interface RealNodeArgs {
  readonly tools: ToolPaths<"node">;
  /** The images that its pods use: there is no registry. */
  readonly images: readonly StandInImage[];
}

/** Linux takes no longer paths for a socket; bytes. */
const longestSocketPath = 107;
const removalLimitMs = 10_000;

/** Returns the folder of a cluster's real node, which is there when the cluster has one, or had. */
export function realNodeFolder(paths: WorkspacePaths): string {
  return path.join(paths.cluster, "node");
}

/** Returns the folder of a real node's volumes. */
export function realVolumes(paths: WorkspacePaths): string {
  return path.join(realNodeFolder(paths), "volumes");
}

/**
 * Prepares a real node before its API server starts.
 *
 * @returns the arguments by which the API server reaches the node
 */
export async function prepareRealNode(paths: WorkspacePaths): Promise<Readonly<Record<string, string>>> {
  const folder = realNodeFolder(paths);
  const longest = sockets(folder).connect;
  if (Buffer.byteLength(longest) > longestSocketPath) {
    throw new Error(
      `${longest} is too long a path for a socket (${longestSocketPath} bytes); choose another workspace`,
    );
  }
  await fs.mkdir(folder, { recursive: true, mode: 0o700 });
  const egress = path.join(folder, "egress.json");
  await fs.writeFile(egress, JSON.stringify(egressSelector(sockets(folder).connect)));
  return { "egress-selector-config-file": egress, "kubelet-preferred-address-types": "InternalIP" };
}

/** Starts the node of a cluster whose API server answers. It is ready when its object says so. */
export async function startRealNode(
  paths: WorkspacePaths,
  { tools, images }: RealNodeArgs,
  { kubeconfig, apiServerPort }: Pick<RealNodeSettings, "kubeconfig" | "apiServerPort">,
): Promise<void> {
  const folder = realNodeFolder(paths);
  const [http = 0, https = 0] = await freePorts(2);
  const archive = await writeStandInImages(images, path.join(folder, "images"));
  await makeVolumes(paths);
  // The one given moves when the cluster is ready.
  const own = path.join(folder, "kubeconfig");
  await fs.copyFile(kubeconfig, own);
  const settings: RealNodeSettings = {
    ...{ folder, id: nodeId(folder), kubeconfig: own, apiServerPort, tools, pauseImage, images: archive },
    loadBalancerPorts: { http, https },
  };
  const file = settingsFile(folder);
  await fs.writeFile(file, JSON.stringify(settings));
  await fs.mkdir(path.join(folder, "logs"), { recursive: true });
  const log = openSync(path.join(folder, "logs", "node.log"), "a");
  const outside = ["-r", "ts-node/register/transpile-only", path.join(__dirname, "outside.ts"), file];
  spawn(process.execPath, outside, {
    stdio: ["ignore", log, log],
    detached: true,
    cwd: path.join(__dirname, "../.."),
  }).unref();
}

/** Gives a node that runs images that it may not have yet, as for another tag. */
export async function addImages(paths: WorkspacePaths, images: readonly StandInImage[]): Promise<void> {
  const folder = realNodeFolder(paths);
  const archive = await writeStandInImages(images, path.join(folder, "more-images"));
  const [inside] = await findProcesses(
    (commandLine) =>
      keepsRealNode(paths, commandLine) &&
      commandLine.startsWith(`${process.execPath} `) &&
      commandLine.includes("/inside.ts "),
  );
  if (inside === undefined)
    throw new Error("the real node of the local cluster does not run. Next: ds down, then ds up --real");
  const { code, stderr } = await run("nsenter", [
    "--target",
    `${inside.pid}`,
    "--mount",
    "--net",
    "ctr",
    ...importing(archive),
  ]);
  if (code !== 0) throw new Error(`the images could not be given to the real node: ${stderr.trim()}`);
}

/** Returns where this machine reaches the load balancers of a cluster; undefined where no load balancer runs. */
export async function loadBalancerPorts(paths: WorkspacePaths): Promise<LoadBalancerPorts | undefined> {
  const file = settingsFile(realNodeFolder(paths));
  if (!existsSync(file)) return undefined;
  const settings: RealNodeSettings = JSON.parse(await fs.readFile(file, "utf8"));
  return settings.loadBalancerPorts;
}

/** Ends a real node with all that it runs, and leaves nothing of it but its folder. Does nothing where there is none. */
export async function removeRealNode(paths: WorkspacePaths): Promise<void> {
  const folder = realNodeFolder(paths);
  if (!existsSync(folder)) return;
  // With the first process of its namespace all others end, and their mounts and interfaces with them.
  await killProcesses((commandLine) => keepsRealNode(paths, commandLine));
  const deadline = Date.now() + removalLimitMs;
  for (;;) {
    try {
      return removeCgroup(nodeId(folder));
    } catch (error) {
      // What runs in there is in it until the kernel has ended and collected it.
      if (Date.now() > deadline) throw error;
      await sleep(50);
    }
  }
}

/** Whether a command line is that of a process which keeps the real node of a cluster. */
export function keepsRealNode(paths: WorkspacePaths, commandLine: string): boolean {
  return commandLine.endsWith(` ${settingsFile(realNodeFolder(paths))}`);
}

function settingsFile(folder: string): string {
  return path.join(folder, "settings.json");
}

/** Two nodes of a machine have different ones, and one that was killed is found again by its folder. */
export function nodeId(folder: string): string {
  return `datasets-server-${createHash("sha256").update(folder).digest("hex").slice(0, 12)}`;
}

/** Owned as the access points of the real storage are. */
async function makeVolumes(paths: WorkspacePaths): Promise<void> {
  const owner = { user: 1000, group: 3000 };
  for (let index = 0; index < volumeCount; index += 1) {
    const folder = volumeFolder(index, { realVolumes: realVolumes(paths) });
    await fs.mkdir(folder, { recursive: true });
    await fs.chown(folder, owner.user, owner.group);
    // A storage driver would give it to the pod's fsGroup; a folder of the machine is given to nobody, and MongoDB is another user.
    await fs.chmod(folder, 0o777);
  }
}

/** Has the API server reach nodes, pods and Services by a proxy in their namespace: for logs, exec and API services. */
function egressSelector(udsName: string) {
  const connection = { proxyProtocol: "HTTPConnect", transport: { uds: { udsName } } };
  return {
    apiVersion: "apiserver.k8s.io/v1beta1",
    kind: "EgressSelectorConfiguration",
    egressSelections: [{ name: "cluster", connection }],
  };
}
