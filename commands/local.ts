import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { clusterStatus, startCluster, stopCluster } from "../tools/cluster";
import { findTools, installTools } from "../tools/install";
import { run } from "../tools/run";
import type { Toolbox } from "../tools/toolbox";
import { engineEnvironment, workspacePaths } from "../tools/workspace";
import { projectFolder } from "./program";
import { printSummary } from "./summary";

const stack = "local";

export interface UpOptions {
  /** Looks for hand edits first, and takes the edited fields back. */
  readonly refresh?: boolean;
}

/** From nothing to a running datasets-server: the pinned parts, the cluster, the stack, and a table of what runs. */
export async function up(workspace: string, { refresh = false }: UpOptions): Promise<void> {
  const toolbox = await installTools();
  const { created } = await startCluster(toolbox, workspace);
  if (created) {
    // What the state says belongs to a cluster that is gone.
    await rm(workspacePaths(workspace).state, { recursive: true, force: true });
  }
  await engine(toolbox, workspace, ["stack", "select", "--create", stack]);
  const arguments_ = ["up", "--stack", stack, "--yes", "--skip-preview", "--suppress-outputs"];
  // Without force, the API server keeps an edited field for whoever edited it, and refuses the update.
  const force = { PULUMI_K8S_ENABLE_PATCH_FORCE: "true" };
  await engine(toolbox, workspace, refresh ? [...arguments_, "--refresh"] : arguments_, refresh ? force : {});
  await printSummary(toolbox, workspace, stack);
}

/** What `up` would change. */
export async function preview(workspace: string): Promise<void> {
  const toolbox = findTools();
  await engine(toolbox, workspace, ["stack", "select", "--create", stack]);
  await engine(toolbox, workspace, ["preview", "--stack", stack, "--diff"]);
}

/** Destroys the stack, stops the cluster and removes all that both wrote. The pinned parts stay in the user's cache. */
export async function down(workspace: string): Promise<void> {
  if (!existsSync(workspace)) {
    console.log("nothing to take down");
    return;
  }
  const toolbox = findTools();
  if ((await clusterStatus(toolbox, workspace)) === "running") {
    await engine(toolbox, workspace, ["stack", "select", "--create", stack]);
    await engine(toolbox, workspace, ["destroy", "--stack", stack, "--yes", "--skip-preview"]);
  } else {
    console.log("the local cluster is not running: nothing to destroy on it");
  }
  await stopCluster(toolbox, workspace);
  await rm(workspace, { recursive: true, force: true });
}

async function engine(
  toolbox: Toolbox,
  workspace: string,
  arguments_: readonly string[],
  variables: NodeJS.ProcessEnv = {},
): Promise<void> {
  const env = { ...engineEnvironment(toolbox, workspace), ...variables };
  const { code } = await run(toolbox.pulumi, arguments_, { cwd: projectFolder, env, stdio: "inherit" });
  if (code !== 0) {
    throw new Error(`pulumi ${arguments_[0]} ended with exit code ${code}; what it said is above`);
  }
}
