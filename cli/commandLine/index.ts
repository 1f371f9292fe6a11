import { Command } from "commander";
import { printable } from "../../safety/redaction";
import { deployCommands } from "./deploy";
import { localCommands } from "./local";
import { lookCommands } from "./look";
import { projectCommands } from "./project";
import { pullRequestCommands } from "./pullRequests";
import { recoverCommands } from "./recover";
import type { PassOn } from "./shared";

/** What the exit codes of every command mean. Of `pulumi` and `shell` the code is that of what they run. */
export const exitCodes = { ok: 0, failed: 1, usage: 2 } as const;

const about = `Runs datasets-server on its clusters. What is needed is installed first, pinned.

STACK is one of prod, ephemeral (shared staging), local (this machine), pr-N (a
pull request), prod-CLUSTER (a second production while it moves).`;

const epilogue = `
Exit codes:
  0  it worked; nothing differs, nothing is wrong
  1  it failed, or doctor, drift or review found something
  2  the command line is wrong; no changes were made
  \`ds pulumi\` and \`ds shell\` end with the exit code of what they run.

Examples:
  $ ds up                            a local copy, to try changes on
  $ ds preview prod                  what a deploy would change
  $ ds deploy prod                   shows it, asks, and deploys
  $ ds pulumi prod -- stack output   the pinned pulumi on that stack
  $ ds COMMAND --help                what a command takes, with examples`;

/** A command line in two: what is for ds itself, and what comes after `--`; undefined when there is no `--`. */
export function splitAtDashes(argv: readonly string[]): {
  readonly own: readonly string[];
  readonly passed: readonly string[] | undefined;
} {
  const at = argv.indexOf("--");
  return at < 0 ? { own: argv, passed: undefined } : { own: argv.slice(0, at), passed: argv.slice(at + 1) };
}

/**
 * The commands. What they do is loaded when one runs.
 *
 * @param passed what came after `--`, for the commands that hand it on. Default: nothing came.
 */
export function createProgram(passed?: readonly string[]): Command {
  const program = new Command("ds")
    .usage("<command> [STACK] [options] [-- flags of pulumi]")
    .description(about)
    .addHelpText("after", epilogue)
    .helpCommand("help [COMMAND]", "show what a command does and takes")
    .helpOption("-h, --help", "show what a command does and takes")
    .configureHelp({ showGlobalOptions: false, subcommandTerm: (command) => termOf(command) })
    .showHelpAfterError("Next: add --help to see what the command takes")
    .configureOutput({ writeErr: (text) => process.stderr.write(printable(text)) })
    // Errors are thrown, for the caller to turn into an exit code.
    .exitOverride()
    .hook("preAction", (_program, command) => {
      if (passed !== undefined && !passesOn.has(command)) {
        command.error(`error: ds ${pathOf(command)} takes nothing after --`);
      }
    });
  const passesOn = new Set<Command>();
  const passOn: PassOn = (command, what) => {
    passesOn.add(command);
    command.usage(`${command.usage().replace("[options] ", "")} [options] [-- ${what}]`.trim());
    return { command, passed: () => passed ?? [] };
  };
  localCommands(program, passOn);
  deployCommands(program, passOn);
  lookCommands(program);
  recoverCommands(program);
  pullRequestCommands(program);
  projectCommands(program);
  return program;
}

/** A command's words below `ds`, such as `pr up`. */
export function pathOf(command: Command): string {
  const { parent } = command;
  return parent === null ? "" : `${pathOf(parent)} ${command.name()}`.trim();
}

/** As a list of commands names one: with its arguments. */
function termOf(command: Command): string {
  const args = command.registeredArguments.map((argument) => {
    const name = argument.name() + (argument.variadic ? "..." : "");
    return argument.required ? name : `[${name}]`;
  });
  const isGroup = args.length === 0 && command.commands.length > 0;
  return [command.name(), ...(isGroup ? ["COMMAND"] : args)].join(" ");
}
