import { UserError } from "../cluster/userError";
import { clusterStatus } from "../tools/cluster";
import { findTools } from "../tools/install";
import { run } from "../tools/run";
import { localGroups } from "../tools/toolbox";
import { defaultWorkspace, workspacePaths } from "../tools/workspace";
import { type Engine, engineFor } from "./lib/engine";
import { leavingInterruptsToTheChild } from "./lib/interrupts";
import { projectFolder } from "./lib/project";
import { checkVerbosity } from "./lib/verbosity";

const fallbackShell = "bash";

/**
 * Runs a command, or `$SHELL` when none is given, with this terminal, where `pulumi` is the pinned one and on a stack. A
 * shell begins in the project's folder, a command in the user's own.
 *
 * @returns the exit code of the command.
 */
export async function openShell(workspace: string, stack: string, command: readonly string[]): Promise<number> {
  const [executable = process.env.SHELL ?? fallbackShell, ...args] = command;
  const engine = onStack(await engineFor(workspace, stack, { withProgram: true }), stack);
  if (command.length === 0) await greet(workspace, stack);
  return onThisTerminal(engine, executable, args, command.length === 0 ? projectFolder : process.cwd());
}

/**
 * Runs the pinned pulumi on a stack, with this terminal.
 *
 * @returns its exit code.
 * @throws when the flags name a stack too, as the command would then be about another one than it seems.
 */
export async function runPulumi(workspace: string, stack: string, args: readonly string[]): Promise<number> {
  const named = args.find((arg) => /^(--stack|-s)(=|$)/.test(arg));
  if (named !== undefined) {
    throw new UserError(`the stack is ${stack} already; no changes were made`, `leave ${named} out`);
  }
  const engine = onStack(await engineFor(workspace, stack, { withProgram: true }), stack);
  checkVerbosity(args, engine.environment);
  return onThisTerminal(engine, engine.executable, args, projectFolder);
}

/** Pulumi takes this for the selected stack in every command that is about one. */
function onStack({ executable, environment }: Engine, stack: string): Engine {
  return { executable, environment: { ...environment, PULUMI_STACK: stack } };
}

function onThisTerminal(
  { environment: env }: Engine,
  executable: string,
  args: readonly string[],
  cwd: string,
): Promise<number> {
  return leavingInterruptsToTheChild(async () => (await run(executable, args, { cwd, env, stdio: "inherit" })).code);
}

async function greet(workspace: string, stack: string): Promise<void> {
  console.log(`stack ${stack}; leave with exit`);
  console.log("pulumi    the pinned one, on this stack; try: pulumi stack output");
  if (stack !== "local") return;
  const { root } = workspacePaths(workspace);
  const status = await clusterStatus(findTools(localGroups), root);
  const start = root === defaultWorkspace ? "ds up" : `ds up --workspace ${root}`;
  console.log(`kubectl   local cluster: ${status}; try: ${status === "running" ? "kubectl get pods -A" : start}`);
}
