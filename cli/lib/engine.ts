import { stripVTControlCharacters } from "node:util";
import { UserError } from "../../cluster/userError";
import { stateUrl } from "../../config/accounts";
import { PrintableLines } from "../../safety/redaction";
import { installTools } from "../../tools/install";
import { type RunResult, run } from "../../tools/run";
import { mayAssumeRole } from "../../tools/sources/trust";
import { type EngineTools, localGroups } from "../../tools/toolbox";
import { engineEnvironment, hasAwsPlugin, teamEnvironment } from "../../tools/workspace";
import { asNext, nextSteps } from "../diagnosis/nextSteps";
import { leavingInterruptsToTheChild } from "./interrupts";
import { projectFolder } from "./project";
import { parseStateAddress, type StateAddress } from "./stateAddress";

/** Pulumi as one kind of run starts it: which executable, with which environment. */
export interface Engine {
  readonly executable: string;
  readonly environment: NodeJS.ProcessEnv;
}

/**
 * Returns the engine of a stack, with every tool installed that it needs, and no other.
 *
 * @param withProgram whether the program will run, which needs the AWS provider on EKS. Default: false.
 */
export async function engineFor(workspace: string, stack: string, { withProgram = false } = {}): Promise<Engine> {
  // On stdout is only what a command answers, so that a script can take it.
  const toStderr = { log: console.error };
  if (stack === "local") {
    return engineOf(await installTools(localGroups, toStderr), workspace, stack);
  }
  const needsPlugin = withProgram && (mayAssumeRole() || !hasAwsPlugin(workspace));
  return engineOf(await installTools(needsPlugin ? ["deploy", "eks"] : ["deploy"], toStderr), workspace, stack);
}

/**
 * Returns the engine of a stack, of tools that are installed. For stack local it gets the settings of a workspace and nothing
 * of the user's own; on EKS the user's whole environment, credentials included, as a plain `pulumi` would.
 */
export function engineOf(tools: EngineTools, workspace: string, stack: string): Engine {
  const environment = stack === "local" ? engineEnvironment(tools, workspace) : teamEnvironment(tools, workspace);
  return { executable: tools.pulumi, environment };
}

/** Returns where an engine keeps its state. */
export function stateOf({ environment }: Engine): StateAddress {
  return parseStateAddress(environment.PULUMI_BACKEND_URL || stateUrl);
}

/**
 * Runs a command of the engine in a folder that holds a Pulumi.yaml, and shows what it prints, without secrets. Pulumi asks
 * nothing then: it has a terminal to read from, and none to write to.
 */
export function attempt(engine: Engine, args: readonly string[], folder = projectFolder): Promise<RunResult> {
  const { executable, environment: env } = engine;
  const colours = process.stdout.hasColors?.() ? ["--color", "always"] : [];
  return printing((tee) =>
    leavingInterruptsToTheChild(() => run(executable, [...colours, ...args], { cwd: folder, env, tee })),
  );
}

/** What takes the output of a command, chunk by chunk. */
interface Printed {
  readonly stdout: (chunk: string) => void;
  readonly stderr: (chunk: string) => void;
}

/** Shows what an action prints, without secrets, until it has ended. */
export async function printing<T>(action: (printed: Printed) => Promise<T>): Promise<T> {
  const { stdout, stderr } = process;
  const shown = { stdout: new PrintableLines(writerTo(stdout)), stderr: new PrintableLines(writerTo(stderr)) };
  try {
    return await action({
      stdout: (chunk) => shown.stdout.take(chunk),
      stderr: (chunk) => shown.stderr.take(chunk),
    });
  } finally {
    shown.stdout.end();
    shown.stderr.end();
  }
}

function writerTo(stream: NodeJS.WriteStream): (text: string) => void {
  return (text) => void stream.write(text);
}

/**
 * The same for a command that must succeed.
 *
 * @throws when it does not.
 */
export async function execute(engine: Engine, args: readonly string[], folder = projectFolder): Promise<void> {
  const { code, stdout, stderr } = await attempt(engine, args, folder);
  if (code !== 0) {
    throw ended(args, code, stdout + stderr);
  }
}

/** Pulumi's documented exit code for a stack that its state does not have. */
const noSuchStack = 6;

/**
 * Returns the error of a command whose own words the terminal already has, with the next step of each cause in them that is known.
 *
 * @param said its words, secrets included, of which none is shown. Default: none
 */
export function ended(args: readonly string[], code: number, said = ""): UserError {
  const stack = args[args.indexOf("--stack") + 1] ?? "";
  const next =
    code === noSuchStack
      ? `${makes(stack)}, which makes the stack`
      : asNext(nextSteps(stack, stripVTControlCharacters(said)));
  return new UserError(`pulumi ${args[0]} ended with exit code ${code}; what it said is above`, next);
}

/** Returns the command that makes a stack. */
export function makes(stack: string): string {
  return stack === "local" ? "ds up" : `ds bootstrap ${stack}`;
}
