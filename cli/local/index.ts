import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { Stack } from "@pulumi/pulumi/automation";
import { strictnessOf } from "../../config/protection";
import { clusterStatus, startCluster, stopCluster } from "../../tools/cluster";
import { findTools, installTools } from "../../tools/install";
import { localGroups } from "../../tools/toolbox";
import { workspacePaths } from "../../tools/workspace";
import { answered, workspaceOf } from "../lib/automation";
import { type Engine, engineOf } from "../lib/engine";
import { requireAllowed } from "../review/allowed";
import { previewStack } from "../review/preview";
import { authorMessage } from "../state/author";
import { changeStack } from "../state/update";
import { withProgress } from "./progress";
import { printSummary } from "./summary";

const stack = "local";

export interface UpOptions {
  /** Looks for hand edits first, and takes the edited fields back. */
  readonly refresh?: boolean;
}

/** From nothing to a running datasets-server: the pinned tools, the cluster, the stack, and a table of what runs. */
export async function up(workspace: string, { refresh = false }: UpOptions): Promise<void> {
  const toolbox = await installTools(localGroups);
  const { created } = await startCluster(toolbox, workspace);
  if (created) {
    // What the state says belongs to a cluster that is gone.
    await rm(workspacePaths(workspace).state, { recursive: true, force: true });
  }
  const engine = engineOf(toolbox, workspace, stack);
  const local = await selectStack(engine);
  // One that is new has nothing to lose.
  if ((await answered(local.info(false))) !== undefined) {
    const strictness = strictnessOf({ kind: stack });
    requireAllowed(await previewStack(engine, stack), { stack, strictness, allowed: [], command: "ds up" });
  }
  console.log(`updating stack ${stack}`);
  const message = authorMessage(engine.environment);
  const { outputs } = await changeStack(engine, stack, () =>
    withProgress(workspace, "up", (watch) => local.up({ ...watch, message, refresh, showSecrets: false })),
  );
  await printSummary(workspace, stack, outputs);
}

/** Destroys the stack, stops the cluster and removes all that both wrote. The pinned tools stay in the user's cache. */
export async function down(workspace: string): Promise<void> {
  if (!existsSync(workspace)) {
    console.log(`there is no local copy in ${workspace}: nothing to take down`);
    return;
  }
  const toolbox = findTools(localGroups);
  if ((await clusterStatus(toolbox, workspace)) === "running") {
    const engine = engineOf(toolbox, workspace, stack);
    const local = await selectStack(engine);
    console.log(`destroying stack ${stack}`);
    const message = authorMessage(engine.environment);
    await changeStack(engine, stack, () =>
      withProgress(workspace, "destroy", (watch) => local.destroy({ ...watch, message, showSecrets: false })),
    );
  } else {
    console.log("the local cluster is not running: nothing to destroy on it");
  }
  await stopCluster(toolbox, workspace);
  await rm(workspace, { recursive: true, force: true });
  console.log(`the local copy is gone; ${workspacePaths(workspace).root} is removed`);
}

/** Selects stack local, and creates it where its workspace has none yet. */
export async function selectStack(engine: Engine): Promise<Stack> {
  const workspace = await workspaceOf(engine);
  return answered(Stack.createOrSelect(stack, workspace));
}
