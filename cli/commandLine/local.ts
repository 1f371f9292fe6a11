import type { Command } from "commander";
import type { UpOptions } from "../local";
import { describe, type OnWorkspace, type PassOn, stackName, workspaceOption } from "./shared";

/** Commands about the local copy, and shells. */
export function localCommands(program: Command, passOn: PassOn): void {
  describe(program.command("up").addOption(workspaceOption()), {
    group: "local",
    does: "bring a local copy up, on a simulated cluster",
    examples: ["up", "up --real"],
  })
    .option("--refresh", "look for changes by hand first, and undo them")
    .option("--real", "on one node that runs pods, with a stand-in for the application; Linux, as root")
    .action(async ({ workspace, refresh = false, real = false }: OnWorkspace & UpOptions) =>
      (await import("../local")).up(workspace, { refresh, real }),
    );

  describe(program.command("down").addOption(workspaceOption()), {
    group: "local",
    does: "take the local copy down, with its cluster and files",
    examples: ["down", "down --workspace /tmp/second-copy"],
  }).action(async ({ workspace }: OnWorkspace) => (await import("../local")).down(workspace));

  const shell = describe(program.command("shell"), {
    group: "local",
    does: "open a shell with the pinned pulumi; for local with kubectl",
    examples: ["shell", "shell local -- kubectl get pods -A"],
  })
    .argument("[STACK]", "the stack; default: local", stackName)
    .addOption(workspaceOption());
  const { command, passed } = passOn(shell, "command to run in place of a shell");
  command.action(async (stack: string | undefined, { workspace }: OnWorkspace) => {
    process.exitCode = await (await import("../shell")).openShell(workspace, stack ?? "local", passed());
  });
}
