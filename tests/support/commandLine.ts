import path from "node:path";
import type { Command } from "commander";
import { createProgram, splitAtDashes } from "../../cli/commandLine";
import { projectFolder } from "../../cli/lib/project";
import { type RunResult, run } from "../../tools/run";

/** What is wrong with a command line of ds by its commands and their options; it is not run, and values are not looked at. */
export function problemsOf(argv: readonly string[]): string[] {
  const { own, passed } = splitAtDashes(argv);
  let command: Command = createProgram(passed);
  let rest = [...own];
  for (;;) {
    const below = command.commands.find((each) => each.name() === rest[0]);
    if (below === undefined) break;
    command = below;
    rest = rest.slice(1);
  }
  const { operands, unknown } = command.parseOptions(rest);
  const args = command.registeredArguments;
  const given = new Set(rest.filter((word) => word.startsWith("--")).map((word) => word.split("=")[0]));
  const missing = command.options.filter(({ mandatory, long }) => mandatory && !given.has(long ?? ""));
  const isVariadic = args.at(-1)?.variadic ?? false;
  return [
    ...unknown.map((word) => `unknown: ${word}`),
    ...missing.map(({ long }) => `missing: ${long}`),
    ...(args.length === 0 && command.commands.length > 0 ? [`not a command: ${rest.join(" ")}`] : []),
    ...(operands.length < args.filter(({ required }) => required).length ? ["too few arguments"] : []),
    ...(operands.length > args.length && !isVariadic ? [`too many arguments: ${operands.join(" ")}`] : []),
  ];
}

const ds = path.join(projectFolder, "ds");

export function start(argv: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<RunResult> {
  return run(ds, argv, { env: { ...process.env, ...environment } });
}
