import { Command, Option } from "commander";
import { useProxies } from "../network/proxies";
import { clusterStatus, startCluster, stopCluster } from "./cluster";
import { findTools, installCheckTool, installTools } from "./install";
import { run } from "./run";
import { openShell } from "./shell";
import type { OptionalPartName } from "./toolbox";
import { defaultWorkspace } from "./workspace";

interface WorkspaceOption {
  readonly workspace: string;
}

const optionalParts: readonly OptionalPartName[] = ["pulumi-resource-aws", "promtool", "aws", "moto_server"];

const program = new Command("tools")
  .description("The pinned parts of a local run, and the local cluster.")
  // Options after `shell` belong to the command that the shell runs.
  .enablePositionalOptions()
  .showHelpAfterError();

program
  .command("install")
  .description("install every pinned part that is missing")
  .addOption(
    new Option("--with <part...>", "also install these optional parts").choices(optionalParts).default([], "none"),
  )
  .action(async (options: { with: OptionalPartName[] }) => {
    await installTools(options);
  });

program
  .command("lint-workflows")
  .description("check .github/workflows with actionlint")
  .action(async () => {
    // What else it would run where that lies on PATH is not pinned.
    const { code } = await run(await installCheckTool("actionlint"), ["-shellcheck=", "-pyflakes="], {
      stdio: "inherit",
    });
    process.exitCode = code;
  });

const cluster = program.command("cluster").description("the local Kubernetes cluster of a workspace");

onWorkspace(cluster.command("up"))
  .description("start it; does nothing when it runs, replaces it when it is broken")
  .action(async ({ workspace }: WorkspaceOption) => {
    await startCluster(findTools(), workspace);
  });

onWorkspace(cluster.command("down"))
  .description("stop it and remove all its files")
  .action(async ({ workspace }: WorkspaceOption) => {
    await stopCluster(findTools(), workspace);
  });

onWorkspace(cluster.command("status"))
  .description("print absent, stopped, unhealthy or running")
  .action(async ({ workspace }: WorkspaceOption) => {
    console.log(await clusterStatus(findTools(), workspace));
  });

onWorkspace(program.command("shell"))
  .description("a shell in which pulumi and kubectl use the workspace; or one command: shell -- kubectl get pods")
  .passThroughOptions()
  .argument("[command...]", "run this instead of a shell, and end with its exit code")
  .action(async (command: string[], { workspace }: WorkspaceOption) => {
    process.exitCode = await openShell(findTools(), workspace, command);
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
