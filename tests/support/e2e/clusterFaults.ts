import { spawn } from "node:child_process";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { components } from "../../../tools/cluster/config";
import { kwokFolder } from "../../../tools/cluster/presence";
import { findProcesses, type Process } from "../../../tools/cluster/processes";
import { workspacePaths } from "../../../tools/workspace";

type Component = (typeof components)[number];

/** Stops a process of a workspace's cluster for some time, in which it answers nobody; milliseconds. */
export async function freeze(workspace: string, component: Component, forMs: number): Promise<void> {
  const { pid } = await processOf(workspace, component);
  process.kill(pid, "SIGSTOP");
  await sleep(forMs).finally(() => process.kill(pid, "SIGCONT"));
}

/** Kills a process of a workspace's cluster, and starts it again after some time; milliseconds. */
export async function restart(workspace: string, component: Component, afterMs: number): Promise<void> {
  const { pid, commandLine } = await processOf(workspace, component);
  process.kill(pid, "SIGKILL");
  await sleep(afterMs);
  // Paths of tests have no spaces.
  const [executable = "", ...args] = commandLine.split(" ");
  const cwd = kwokFolder(workspacePaths(workspace));
  spawn(executable, args, { cwd, detached: true, stdio: "ignore" }).unref();
}

async function processOf(workspace: string, component: Component): Promise<Process> {
  const executable = path.join(kwokFolder(workspacePaths(workspace)), "bin", component);
  const [found] = await findProcesses((commandLine) => commandLine.startsWith(`${executable} `));
  if (!found) throw new Error(`${component} of the cluster in ${workspace} does not run`);
  return found;
}
