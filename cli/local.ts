import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { clusterStatus, startCluster, stopCluster } from "../tools/cluster";
import { findTools, installTools } from "../tools/install";
import { localGroups } from "../tools/toolbox";
import { workspacePaths } from "../tools/workspace";
import { type Engine, execute, localEngine } from "./engine";
import { withProgress } from "./progress";
import { update } from "./state/update";
import { printSummary } from "./summary";

const stack = "local";

export interface UpOptions {
  /** Looks for hand edits first, and takes the edited fields back. */
  readonly refresh?: boolean;
}

/** From nothing to a running datasets-server: the pinned parts, the cluster, the stack, and a table of what runs. */
export async function up(workspace: string, { refresh = false }: UpOptions): Promise<void> {
  const toolbox = await installTools(localGroups);
  const { created } = await startCluster(toolbox, workspace);
  if (created) {
    // What the state says belongs to a cluster that is gone.
    await rm(workspacePaths(workspace).state, { recursive: true, force: true });
  }
  const engine = await selectStack(localEngine(toolbox, workspace));
  const flags = ["up", "--stack", stack, "--yes", "--skip-preview", "--suppress-outputs"];
  console.log(`updating stack ${stack}`);
  const watched = { ...(refresh ? forcing(engine) : engine), runner: withProgress(workspace) };
  await update(watched, stack, refresh ? [...flags, "--refresh"] : flags);
  await printSummary(toolbox, workspace, stack);
}

/** Destroys the stack, stops the cluster and removes all that both wrote. The pinned parts stay in the user's cache. */
export async function down(workspace: string): Promise<void> {
  if (!existsSync(workspace)) {
    console.log(`there is no local copy in ${workspace}: nothing to take down`);
    return;
  }
  const toolbox = findTools(localGroups);
  if ((await clusterStatus(toolbox, workspace)) === "running") {
    const engine = await selectStack(localEngine(toolbox, workspace));
    console.log(`destroying stack ${stack}`);
    await update({ ...engine, runner: withProgress(workspace) }, stack, [
      "destroy",
      "--stack",
      stack,
      "--yes",
      "--skip-preview",
    ]);
  } else {
    console.log("the local cluster is not running: nothing to destroy on it");
  }
  await stopCluster(toolbox, workspace);
  await rm(workspace, { recursive: true, force: true });
  console.log(`the local copy is gone; ${workspacePaths(workspace).root} is removed`);
}

/** Makes stack local where its workspace has none yet. */
export async function selectStack(engine: Engine): Promise<Engine> {
  await execute(engine, ["stack", "select", "--create", stack]);
  return engine;
}

/** Without force, the API server keeps an edited field for whoever edited it, and refuses the update. */
function forcing({ executable, environment }: Engine): Engine {
  return { executable, environment: { ...environment, PULUMI_K8S_ENABLE_PATCH_FORCE: "true" } };
}
