import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { stopCluster } from "../../../tools/cluster";
import { findProcesses } from "../../../tools/cluster/processes";
import { findTools } from "../../../tools/install";
import { localGroups } from "../../../tools/toolbox";
import { engineEnvironment } from "../../../tools/workspace";
import { copyCheckout } from "./checkout";
import { type Cluster, newCluster } from "./cluster";
import { Engine } from "./engine";
import { hasLostEngine } from "./orphans";

/** Pods that take their time to get ready and to end, as real ones do. */
export const delayedPodStages = [path.join(__dirname, "../stages/delayed.yaml")];

/** The folder of all suites, and the process that removes it, however the tests end. */
interface Root {
  readonly folder: string;
  readonly janitor: ChildProcess;
}

let root: Promise<Root> | undefined;
let cluster: Promise<Cluster> | undefined;

/** A new folder for one suite; all of them go when the tests of its file end. */
export async function suiteFolder(name: string): Promise<string> {
  root ??= createRoot();
  const suite = path.join((await root).folder, name);
  await fs.mkdir(suite);
  return suite;
}

async function createRoot(): Promise<Root> {
  const folder = await fs.mkdtemp(path.join(await fs.realpath(os.tmpdir()), "datasets-server-e2e-"));
  const args = ["-r", "ts-node/register/transpile-only", path.join(__dirname, "janitor.ts")];
  // In a process group of its own, so that it does not end with the tests when a user presses Ctrl-C.
  const janitor = spawn(process.execPath, args, { detached: true, stdio: ["pipe", "ignore", "inherit"] });
  janitor.stdin.write(folder);
  return { folder, janitor };
}

/** The cluster that the suites of a file share; the first call starts it. */
export function sharedCluster(): Promise<Cluster> {
  cluster ??= suiteFolder("cluster").then((workspace) => newCluster(workspace, delayedPodStages));
  return cluster;
}

/**
 * The engine with a state of its own, on a copy of the checkout of its own, whose stack exists and is empty.
 *
 * @throws when the tools are not installed.
 */
export async function newEngine(stack: string, suite: string, variables: NodeJS.ProcessEnv = {}): Promise<Engine> {
  const checkout = path.join(suite, "checkout");
  await copyCheckout(checkout);
  const workspace = path.join(suite, "workspace");
  const local = engineEnvironment(findTools(localGroups), workspace);
  const PATH = [await dsFolder(suite, { checkout, workspace }), local.PATH].join(path.delimiter);
  const environment = { ...local, PATH, ...variables };
  const engine = new Engine({ stack, folder: checkout, environment });
  await engine.init();
  return engine;
}

/** A folder with the `ds` that a user of the copy has on PATH; its workspace is the test's. */
async function dsFolder(
  suite: string,
  { checkout, workspace }: Record<"checkout" | "workspace", string>,
): Promise<string> {
  const folder = path.join(suite, "bin");
  await fs.mkdir(folder, { recursive: true });
  const lines = ["#!/bin/sh", "name=$1", "shift", `exec "${checkout}/ds" "$name" --workspace "${workspace}" "$@"`, ""];
  await fs.writeFile(path.join(folder, "ds"), lines.join("\n"), { mode: 0o755 });
  return folder;
}

/** The variables that put stack local on a cluster. */
export function localClusterVariables({ kubeconfig }: Pick<Cluster, "kubeconfig">): NodeJS.ProcessEnv {
  return { KUBECONFIG: kubeconfig, DATASETS_SERVER_LOCAL_KUBECONFIG: kubeconfig };
}

/**
 * Ends every process and removes every file of the tests, and lets the next call start afresh.
 *
 * @throws when a process was left besides the cluster's, and those of an engine that has ended: some test did not wait for
 * what it started.
 */
export async function cleanUp(): Promise<void> {
  if (root === undefined) return;
  const { folder, janitor } = await root;
  root = undefined;
  cluster = undefined;
  await stopCluster(findTools(localGroups), path.join(folder, "cluster"), () => {});
  const running = await findProcesses((commandLine) => commandLine.includes(folder));
  const lost = await Promise.all(running.map(hasLostEngine));
  const left = running.filter((_, index) => !lost[index]);
  janitor.stdin?.end();
  await once(janitor, "exit");
  if (left.length > 0) {
    throw new Error(`ended what tests left running:\n${left.map(({ commandLine }) => commandLine).join("\n")}`);
  }
}
