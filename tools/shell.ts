import path from "node:path";
import { clusterStatus } from "./cluster";
import { run } from "./run";
import type { Toolbox } from "./toolbox";
import { defaultWorkspace, engineEnvironment, workspacePaths } from "./workspace";

const fallbackShell = "bash";

/**
 * Runs a command, or `$SHELL` when none is given, with the environment of a workspace and this terminal.
 *
 * @returns the exit code of the command.
 */
export async function openShell(toolbox: Toolbox, workspaceDir: string, command: readonly string[]): Promise<number> {
  const [executable = process.env.SHELL ?? fallbackShell, ...args] = command;
  if (command.length === 0) await greet(toolbox, workspaceDir);
  return leavingInterruptsToTheChild(async () => {
    const env = engineEnvironment(toolbox, workspaceDir);
    return (await run(executable, args, { env, stdio: "inherit" })).code;
  });
}

async function greet(toolbox: Toolbox, workspaceDir: string): Promise<void> {
  const { root } = workspacePaths(workspaceDir);
  const status = await clusterStatus(toolbox, root);
  const start = `node -r ts-node/register/transpile-only ${path.relative("", path.join(__dirname, "cli.ts"))} cluster up`;
  const next = root === defaultWorkspace ? "make up" : `${start} --workspace ${root}`;
  console.log(`workspace ${root}; leave with exit`);
  console.log(`pulumi    its state is in this workspace; try: pulumi stack ls`);
  console.log(`kubectl   local cluster: ${status}; try: ${status === "running" ? "kubectl get pods -A" : next}`);
}

/** An interrupt typed at the terminal reaches both processes, and only the child may decide whether it ends. */
async function leavingInterruptsToTheChild<T>(action: () => Promise<T>): Promise<T> {
  const ignore = (): void => undefined;
  process.on("SIGINT", ignore);
  try {
    return await action();
  } finally {
    process.off("SIGINT", ignore);
  }
}
