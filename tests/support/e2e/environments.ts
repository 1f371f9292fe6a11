import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs/promises";
import path from "node:path";
import { text } from "node:stream/consumers";
import { stackLabel } from "../../../catalog/names";
import { clusterStatus, type PodStages } from "../../../tools/cluster";
import { findTools } from "../../../tools/install";
import { type RunResult, run } from "../../../tools/run";
import { localGroups } from "../../../tools/toolbox";
import { engineEnvironment, workspacePaths } from "../../../tools/workspace";
import { copyCheckout } from "./checkout";
import { type Cluster, newCluster } from "./cluster";
import { type Cost, costOf } from "./costs";
import { Engine } from "./engine";

const limitMs = 5 * 60_000;
const command = ["-r", "ts-node/register/transpile-only", "cli/main.ts"];

/** Somebody who runs the commands about environments with --local, in a copy of the checkout. */
export class EnvironmentUser {
  private constructor(
    readonly folder: string,
    readonly workspace: string,
    readonly cluster: Cluster,
  ) {}

  /** Starts a cluster in an existing folder. Pods are ready at once unless the Stages say otherwise. */
  static async create(suite: string, podStages: PodStages = "fast"): Promise<EnvironmentUser> {
    const [folder, workspace] = [path.join(suite, "checkout"), path.join(suite, "workspace")];
    await fs.mkdir(workspace, { recursive: true });
    const [cluster] = await Promise.all([newCluster(workspace, podStages), copyCheckout(folder)]);
    return new EnvironmentUser(folder, workspace, cluster);
  }

  /** Goes on with the cluster of one before, and the checkout as it is now; undefined when that cluster does not run. */
  static async resume(suite: string): Promise<EnvironmentUser | undefined> {
    if ((await clusterStatus(findTools(localGroups), path.join(suite, "workspace"))) !== "running") return undefined;
    await fs.rm(path.join(suite, "checkout"), { recursive: true, force: true });
    return EnvironmentUser.create(suite);
  }

  /** Runs such as `ds pr up 1`, whatever it ends with. */
  ds(...words: readonly string[]): Promise<RunResult> {
    return run(process.execPath, this.args(words), { cwd: this.folder, timeoutMs: limitMs });
  }

  /** Runs a command about stack local, such as `ds unlock local`, whatever it ends with. */
  dsLocal(name: string, ...flags: readonly string[]): Promise<RunResult> {
    const args = [...command, name, "local", "--workspace", this.workspace, ...flags];
    return run(process.execPath, args, { cwd: this.folder, timeoutMs: limitMs });
  }

  /** Brings stack local up, whatever it ends with. */
  dsUp(...flags: readonly string[]): Promise<RunResult> {
    const args = [...command, "up", "--workspace", this.workspace, ...flags];
    return run(process.execPath, args, { cwd: this.folder, timeoutMs: limitMs });
  }

  /** Runs such a command about environments and kills it after a while with all that it started, as a machine that is switched off does. */
  async killed(afterMs: number, ...words: readonly string[]): Promise<void> {
    const child = spawn(process.execPath, this.args(words), {
      cwd: this.folder,
      detached: true,
      stdio: "ignore",
    });
    const timer = setTimeout(() => process.kill(-(child.pid ?? 0), "SIGKILL"), afterMs);
    await once(child, "exit");
    clearTimeout(timer);
  }

  /** Removes the lock of a killed run, as the runbook says, with nobody to ask. */
  async unlock(number: number): Promise<void> {
    const args = [...command, "unlock", `pr-${number}`, "--local", "--yes", "--workspace", this.workspace];
    const options = { cwd: this.folder, timeoutMs: limitMs };
    const { code, stdout, stderr } = await run(process.execPath, args, options);
    if (code !== 0) throw new Error(`pr-${number} was not unlocked: ${stdout}${stderr}`);
  }

  /** Runs such a command, which must succeed, and takes its cost. */
  async cost(...words: readonly string[]): Promise<Cost> {
    const child = spawn(process.execPath, this.args(words), { cwd: this.folder });
    const printed = Promise.all([text(child.stdout), text(child.stderr)]);
    const cost = await costOf(child.pid ?? 0, once(child, "exit"));
    if (child.exitCode !== 0) throw new Error(`${words.join(" ")}: ${(await printed).join("")}`);
    return cost;
  }

  /** The plain engine on a stack of the same state. */
  engine(stack: string): Engine {
    return new Engine({
      stack,
      folder: this.folder,
      environment: engineEnvironment(findTools(localGroups), this.workspace),
    });
  }

  /** Everything of a pull request's stack that is anywhere: files of the state, and namespaces. */
  async traces(number: number): Promise<string[]> {
    const { state } = workspacePaths(this.workspace);
    const entries = await fs.readdir(state, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
    const own = new RegExp(`(^|/)pr-${number}([./]|$)`);
    const labelSelector = `${stackLabel}=pr-${number}`;
    const { items } = await this.cluster.kubernetes.core.listNamespace({ labelSelector });
    return [...files.filter((file) => own.test(file)), ...items.map(({ metadata }) => metadata?.name ?? "")];
  }

  /** Every file of the checkout with its text: what `git status` would tell of a change. */
  async checkout(): Promise<ReadonlyMap<string, string>> {
    const entries = await fs.readdir(this.folder, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
    return new Map(await Promise.all(files.map(async (file) => [file, await fs.readFile(file, "latin1")] as const)));
  }

  private args(words: readonly string[]): string[] {
    return [...command, "pr", ...words, "--local", "--workspace", this.workspace];
  }
}
