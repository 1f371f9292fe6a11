import path from "node:path";
import { type RunOptions, type RunResult, run } from "../run";
import type { Platform, Tool } from "../tool";

/** A tool to get, and where to put it. */
export interface Job {
  readonly name: string;
  readonly tool: Tool;
  readonly platform: Platform;
  /** Where the executable or the folder of files has to be in the end. */
  readonly target: string;
  /** A folder for intermediate files; it is removed afterwards. */
  readonly scratch: string;
}

/** The error of a source that does not have a tool; the message says why, and other sources may have it. */
export class Unavailable extends Error {}

/** The error of a build, with what the failed command printed. */
export class CommandFailed extends Error {
  constructor(
    readonly command: string,
    readonly output: string,
  ) {
    super(`${command} failed`);
  }
}

/**
 * Runs a command of a build.
 *
 * @throws CommandFailed when its exit code is not 0.
 */
export async function runBuild(command: string, args: readonly string[], options: RunOptions): Promise<RunResult> {
  const result = await run(command, args, options);
  if (result.code === 0) return result;
  const where = options.cwd === undefined ? "" : ` (in ${options.cwd})`;
  throw new CommandFailed(`${[command, ...args].join(" ")}${where}`, `${result.stdout}${result.stderr}`);
}

const versionTimeoutMs = 5_000;

/** Returns what is wrong with the version of a tool that was put in place; undefined when nothing is or it cannot tell. */
export async function placedVersionProblem({ target, tool }: Job): Promise<string | undefined> {
  return tool.versionCommand?.answeredBy === undefined ? versionProblem(target, tool) : undefined;
}

/**
 * Asks an executable for its version.
 *
 * @returns undefined when it is the tool's exact version or cannot be asked, else what is wrong.
 */
export async function versionProblem(
  executable: string,
  { version, versionCommand }: Tool,
): Promise<string | undefined> {
  if (versionCommand === undefined) return undefined;
  const { args, answeredBy } = versionCommand;
  const asked = answeredBy === undefined ? executable : path.join(path.dirname(executable), answeredBy);
  const env = { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true" };
  try {
    const { stdout, stderr } = await run(asked, args, { timeoutMs: versionTimeoutMs, env });
    const versions = [...stdout.matchAll(/\bv?(\d+\.\d+\.\d+[\w.+-]*)/g)].map((match) => match[1]);
    if (versions.includes(version.replace(/^v/, ""))) return undefined;
    const said = `${stdout}${stderr}`.trim().split("\n")[0] ?? "";
    return `${asked} is not ${version}; it says: ${said.slice(0, 100)}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Returns whether the first version in a text is that old, as [major, minor], or newer. */
export function isAtLeast(text: string, [oldestMajor, oldestMinor]: readonly [number, number]): boolean {
  const [, major = "0", minor = "0"] = /(\d+)\.(\d+)/.exec(text) ?? [];
  return Number(major) > oldestMajor || (Number(major) === oldestMajor && Number(minor) >= oldestMinor);
}
