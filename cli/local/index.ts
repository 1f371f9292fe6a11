import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { Stack } from "@pulumi/pulumi/automation";
import { errorText, UserError } from "../../cluster/userError";
import { strictnessOf } from "../../config/protection";
import { startCluster, stopCluster } from "../../tools/cluster";
import { findTools, installTools } from "../../tools/install";
import { addImages, realNodeFolder, realNodeProblems } from "../../tools/realNode";
import { localGroups } from "../../tools/toolbox";
import { workspacePaths } from "../../tools/workspace";
import { explained } from "../diagnosis";
import { answered, workspaceOf } from "../lib/automation";
import { hideSecrets } from "../lib/decryption";
import { type Engine, engineOf } from "../lib/engine";
import { stackObjects } from "../lib/objects";
import { stackFile } from "../lib/project";
import { requireAllowed } from "../review/allowed";
import { previewStack } from "../review/preview";
import { authorMessage } from "../state/author";
import { changeStack, update } from "../state/update";
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
  const engine = engineOf(toolbox, workspace, stack);
  const local = await selectStack(engine);
  await hideSecrets(engine, stack);
  if (created) await forgetObjectsGone(engine);
  // One that is new, or whose cluster is, has nothing to lose.
  if (!created && (await answered(local.info(false))) !== undefined) {
    const strictness = strictnessOf({ kind: stack });
    requireAllowed(await previewStack(engine, stack), { stack, strictness, allowed: [], command: "ds up" });
  }
  console.log(`updating stack ${stack}`);
  const message = authorMessage(engine.environment);
  const updating = () =>
    withProgress(workspace, (watch) =>
      local.up({ ...watch, message, refresh: refresh || created, showSecrets: false }),
    );
  const { outputs } = await explained(engine, stack, () => changeStack(engine, stack, updating));
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

/**
 * Has Pulumi find out that the objects of environments are gone with the cluster that they were on. Their states stay, and the
 * next `ds pr up --local` recreates what they had.
 */
async function forgetObjectsGone(engine: Engine): Promise<void> {
  const stacks = await answered((await workspaceOf(engine)).listStacks());
  for (const { name } of stacks.filter(({ name }) => name !== stack)) {
    console.log(`the objects of ${name} were on another cluster; Pulumi notes that they are gone`);
    const where = ["--stack", name, "--config-file", stackFile(stack)];
    await update(engine, name, ["refresh", ...where, "--yes", "--skip-preview", "--non-interactive"]).catch((error) => {
      const next = `ds pr down ${name.replace("pr-", "")} --local, or run this again`;
      console.error(`warning: the state of ${name} is as it was: ${errorText(error)}\nNext: ${next}`);
    });
  }
}

/**
 * Ends the cluster with all that is on it, and removes all that the local copy wrote: states and locks too, as what they speak
 * of is gone. The pinned tools stay in the user's cache.
 */
export async function down(workspace: string): Promise<void> {
  if (!existsSync(workspace)) {
    console.log(`there is no local copy in ${workspace}: nothing to take down`);
    return;
  }
  await stopCluster(findTools(localGroups), workspace);
  await rm(workspace, { recursive: true, force: true, maxRetries: 5 });
  console.log(`the local copy is gone; ${workspacePaths(workspace).root} is removed`);
}

/** Selects stack local, and creates it where its workspace has none yet. */
export async function selectStack(engine: Engine): Promise<Stack> {
  const workspace = await workspaceOf(engine);
  return answered(Stack.createOrSelect(stack, workspace));
}
