import { UserError } from "../../cluster/userError";
import { stateUrl } from "../../config/accounts";
import { installTools } from "../../tools/install";
import { type RunResult, run } from "../../tools/run";
import { type EngineTools, localGroups } from "../../tools/toolbox";
import { engineEnvironment, hasAwsPlugin, teamEnvironment } from "../../tools/workspace";
import { leavingInterruptsToTheChild } from "./interrupts";
import { projectFolder } from "./project";
import { parseStateAddress, type StateAddress } from "./stateAddress";

/** The engine as one kind of run starts it: which executable, with which environment. */
export interface Engine {
  readonly executable: string;
  readonly environment: NodeJS.ProcessEnv;
}

/** For stack local: state and settings of a workspace, and nothing of the user's own. */
export function localEngine(tools: EngineTools, workspace: string): Engine {
  return { executable: tools.pulumi, environment: engineEnvironment(tools, workspace) };
}

export interface EngineOptions {
  /** Whether the program will run, which needs the AWS provider on EKS. Default: false. */
  readonly withProgram?: boolean;
}

/** The engine of any stack, with every tool installed that it needs, and no other. */
export async function engineFor(workspace: string, stack: string, options: EngineOptions = {}): Promise<Engine> {
  const { withProgram = false } = options;
  // On stdout is only what a command answers, so that a script can take it.
  const toStderr = { log: console.error };
  if (stack === "local") {
    return localEngine(await installTools(localGroups, toStderr), workspace);
  }
  const needsPlugin = withProgram && !hasAwsPlugin(workspace);
  return engineOf(await installTools(needsPlugin ? ["deploy", "eks"] : ["deploy"], toStderr), workspace, stack);
}

/**
 * The engine of any stack, of tools that are installed. On EKS it gets the user's whole environment, credentials included,
 * as a plain `pulumi` would.
 */
export function engineOf(tools: EngineTools, workspace: string, stack: string): Engine {
  return stack === "local"
    ? localEngine(tools, workspace)
    : { executable: tools.pulumi, environment: teamEnvironment(tools, workspace) };
}

/** Where an engine keeps its state. */
export function stateOf({ environment }: Engine): StateAddress {
  return parseStateAddress(environment.PULUMI_BACKEND_URL || stateUrl);
}

/** Runs a command of the engine in a folder that holds a Pulumi.yaml, on this terminal. The result has stderr only. */
export function attempt(engine: Engine, args: readonly string[], folder = projectFolder): Promise<RunResult> {
  const { executable, environment: env } = engine;
  return leavingInterruptsToTheChild(() => run(executable, args, { cwd: folder, env, stdio: "tee" }));
}

/**
 * The same for a command that must succeed.
 *
 * @throws when it does not.
 */
export async function execute(engine: Engine, args: readonly string[], folder = projectFolder): Promise<void> {
  const { code } = await attempt(engine, args, folder);
  if (code !== 0) {
    throw ended(args, code);
  }
}

/** Pulumi's documented exit code for a stack that its state does not have. */
const noSuchStack = 6;

/** The error of a command whose own words the terminal already has. */
export function ended(args: readonly string[], code: number): UserError {
  const stack = args[args.indexOf("--stack") + 1] ?? "";
  const next = code === noSuchStack ? `${makes(stack)}, which makes the stack` : undefined;
  return new UserError(`pulumi ${args[0]} ended with exit code ${code}; what it said is above`, next);
}

/** The command that makes a stack. */
export function makes(stack: string): string {
  return stack === "local" ? "ds up" : `ds bootstrap ${stack}`;
}
