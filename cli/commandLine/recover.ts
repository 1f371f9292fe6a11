import type { Command } from "commander";
import { describe, type OnWorkspace, onStack } from "./shared";

interface UnlockOptions extends OnWorkspace {
  readonly local?: boolean;
  readonly yes?: boolean;
}

/** Commands for when a run has died, or a state is damaged. */
export function recoverCommands(program: Command): void {
  describe(onStack(program.command("unlock")), {
    group: "recover",
    does: "show whose the lock is, ask, and remove it",
    examples: ["unlock prod", "unlock local --yes"],
  })
    .option("--local", "a pull request's environment on the local cluster")
    .option("--yes", "do not ask")
    .action(async (stack: string, { workspace, local = false, yes = false }: UnlockOptions) =>
      (await import("../unlock")).unlock(workspace, stack, { local, yes }),
    );

  describe(onStack(program.command("restore")), {
    group: "recover",
    does: "put the last good state in the place of a damaged one",
    examples: ["restore prod", "restore local"],
  }).action(async (stack: string, { workspace }: OnWorkspace) =>
    (await import("../restore")).restoreState(workspace, stack),
  );
}
