import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { Stack } from "@pulumi/pulumi/automation";
import { UserError } from "../../cluster/userError";
import { clusterStatus, startCluster, stopCluster } from "../../tools/cluster";
import { findTools, installTools } from "../../tools/install";
import { addImages, realNodeFolder, realNodeProblems } from "../../tools/realNode";
import { localGroups } from "../../tools/toolbox";
import { workspacePaths } from "../../tools/workspace";
import { answered, workspaceOf } from "../lib/automation";
import { type Engine, engineOf } from "../lib/engine";
import { stackObjects } from "../lib/objects";
import { authorMessage } from "../state/author";
import { changeStack } from "../state/update";
import { withProgress } from "./progress";
import { printSummary } from "./summary";

const stack = "local";

export interface UpOptions {
  /** Looks for hand edits first, and takes the edited fields back. */
  readonly refresh?: boolean;
  /** Has one node that runs pods, in the place of simulated ones. */
  readonly real?: boolean;
}

/** From nothing to a running datasets-server: the pinned tools, the cluster, the stack, and a table of what runs. */
export async function up(workspace: string, { refresh = false, real = false }: UpOptions): Promise<void> {
  if (real) await requireRealNode(workspace);
  const toolbox = await installTools(localGroups);
  const realNode = real ? { tools: await installTools(["node"]), images: imagesOf(stack) } : undefined;
  const { created } = await startCluster(toolbox, workspace, { ...(realNode && { realNode }) });
  if (realNode && !created) await addImages(workspacePaths(workspace), realNode.images);
  if (created) {
    // What the state says belongs to a cluster that is gone.
    await rm(workspacePaths(workspace).state, { recursive: true, force: true });
  }
  const plain = engineOf(toolbox, workspace, stack);
  const engine = refresh ? forcing(plain) : plain;
  const local = await selectStack(engine);
  console.log(`updating stack ${stack}`);
  const message = authorMessage(engine.environment);
  const { outputs } = await changeStack(engine, stack, () =>
    withProgress(workspace, "up", (watch) => local.up({ ...watch, message, refresh, showSecrets: false })),
  );
  await printSummary(workspace, stack, outputs);
}

/**
 * Makes sure, before anything is installed, that this machine can have a real node and no other cluster is in its way.
 *
 * @throws with everything that is missing.
 */
async function requireRealNode(workspace: string): Promise<void> {
  const problems = await realNodeProblems();
  if (problems.length > 0) {
    throw new UserError(
      `no real node can run here; no changes were made:\n${problems.map((problem) => `  ${problem}`).join("\n")}`,
      "see to that, or ds up, whose nodes are simulated",
    );
  }
  const paths = workspacePaths(workspace);
  if (existsSync(paths.cluster) && !existsSync(realNodeFolder(paths))) {
    throw new UserError(
      "the nodes of the local cluster are simulated; no changes were made",
      "ds down, then ds up --real",
    );
  }
}

/** Returns every image that pods of a stack use. */
function imagesOf(name: string): { readonly reference: string }[] {
  const texts = JSON.stringify(stackObjects(name)).matchAll(/"image":"([^"]+)"/g);
  return [...new Set([...texts].map(([, reference = ""]) => reference))].map((reference) => ({ reference }));
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

/** Without force, the API server keeps an edited field for its editor, and refuses the update. */
function forcing({ executable, environment }: Engine): Engine {
  return { executable, environment: { ...environment, PULUMI_K8S_ENABLE_PATCH_FORCE: "true" } };
}
