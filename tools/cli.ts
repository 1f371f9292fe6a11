import { Argument, Command } from "commander";
import { useProxies } from "../network/proxies";
import { clusterStatus, startCluster, stopCluster } from "./cluster";
import { findTools, installTools } from "./install";
import { run } from "./run";
import { openShell } from "./shell";
import { localGroups, type ToolGroup, toolGroups } from "./toolbox";
import { defaultWorkspace } from "./workspace";

interface WorkspaceOption {
  readonly workspace: string;
}

const program = new Command("tools")
  .description("The pinned tools, and the local cluster.")
  // Options after `shell` belong to the command that the shell runs.
  .enablePositionalOptions()
  .showHelpAfterError();

program
  .command("install")
  .description("install every tool of some groups that is missing")
  .addArgument(new Argument("[group...]", "what the tools are needed for").choices(toolGroups).default(localGroups))
  .action(async (groups: readonly ToolGroup[]) => {
    await installTools(groups);
    console.log(`all tools are in place: ${groups.join(", ")}`);
  });

program
  .command("lint-workflows")
  .description("check .github/workflows with actionlint")
  .action(async () => {
    // What else it would run where that lies on PATH is not pinned.
    const { actionlint } = await installTools(["check"]);
    const { code } = await run(actionlint, ["-shellcheck=", "-pyflakes="], { stdio: "inherit" });
    process.exitCode = code;
  });

const cluster = program.command("cluster").description("the local Kubernetes cluster of a workspace");

onWorkspace(cluster.command("up"))
  .description("start it; does nothing when it runs, replaces it when it is broken")
  .action(async ({ workspace }: WorkspaceOption) => {
    await startCluster(findTools(localGroups), workspace);
  });

onWorkspace(cluster.command("down"))
  .description("stop it and remove all its files")
  .action(async ({ workspace }: WorkspaceOption) => {
    await stopCluster(findTools(localGroups), workspace);
  });

onWorkspace(cluster.command("status"))
  .description("print absent, stopped, unhealthy or running")
  .action(async ({ workspace }: WorkspaceOption) => {
    console.log(await clusterStatus(findTools(localGroups), workspace));
  });

onWorkspace(program.command("shell"))
  .description("a shell in which pulumi and kubectl use the workspace; or one command: shell -- kubectl get pods")
  .passThroughOptions()
  .argument("[command...]", "run this instead of a shell, and end with its exit code")
  .action(async (command: string[], { workspace }: WorkspaceOption) => {
    process.exitCode = await openShell(findTools(localGroups), workspace, command);
  });

function onWorkspace(command: Command): Command {
  return command.option("--workspace <dir>", "the folder that holds everything a local run writes", defaultWorkspace);
}

useProxies()
  .then(() => program.parseAsync())
  .catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  });
