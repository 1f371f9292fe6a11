import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { z } from "zod";
import { type RunResult, run } from "../../../tools/run";

export interface EngineArgs {
  readonly stack: string;
  /** The copy of the checkout whose stack files the test may write. */
  readonly folder: string;
  readonly environment: NodeJS.ProcessEnv;
}

/** A resource as the state holds it. */
const stateResource = z.looseObject({
  urn: z.string(),
  type: z.string(),
  id: z.string().optional(),
  outputs: z.record(z.string(), z.unknown()).default({}),
  sourcePosition: z.string().optional(),
});

export type StateResource = z.infer<typeof stateResource>;

const exportedState = z.object({ deployment: z.object({ resources: z.array(stateResource).nullish() }) });

/** A rollout of all of production takes about four minutes; milliseconds. */
const limitMs = 9 * 60_000;

/** The real engine on one stack of one copy of the checkout. */
export class Engine {
  constructor(
    private readonly args: EngineArgs,
    private readonly printed: string[] = [],
  ) {}

  get environment(): NodeJS.ProcessEnv {
    return this.args.environment;
  }

  get stack(): string {
    return this.args.stack;
  }

  get folder(): string {
    return this.args.folder;
  }

  /** The folder in which the engine keeps the state of all stacks. */
  get stateFolder(): string {
    return fileURLToPath(this.args.environment.PULUMI_BACKEND_URL ?? "");
  }

  get pulumiHome(): string {
    return this.args.environment.PULUMI_HOME ?? "";
  }

  /** Where its commands look for executables. */
  get path(): string {
    return this.args.environment.PATH ?? "";
  }

  /** The same stack with other environment variables; its output goes to the same record. */
  with(variables: NodeJS.ProcessEnv): Engine {
    return new Engine({ ...this.args, environment: { ...this.args.environment, ...variables } }, this.printed);
  }

  /** Everything printed by all runs of this engine and of those made from it, by the number of the text. */
  printedTexts(): Record<string, string> {
    return Object.fromEntries(this.printed.map((text, index) => [`printed text ${index}`, text]));
  }

  /** Another stack of the same copy and the same state. */
  forStack(stack: string): Engine {
    return new Engine({ ...this.args, stack }, this.printed);
  }

  init(): Promise<RunResult> {
    return this.succeeds("pulumi", ["stack", "init", this.stack, "--non-interactive"]);
  }

  preview(...flags: string[]): Promise<RunResult> {
    return this.run("preview", ...flags);
  }

  up(...flags: string[]): Promise<RunResult> {
    return this.run("up", "--yes", "--skip-preview", ...flags);
  }

  refresh(...flags: string[]): Promise<RunResult> {
    return this.run("refresh", ...flags);
  }

  destroy(...flags: string[]): Promise<RunResult> {
    return this.run("destroy", "--yes", "--skip-preview", ...flags);
  }

  /** Runs a command of the engine on this stack, with the most logging that must not show a secret. */
  run(command: string, ...flags: string[]): Promise<RunResult> {
    const args = [command, ...flags, "--stack", this.stack, "--non-interactive", "--logtostderr", "-v=2"];
    return this.command("pulumi", ...args);
  }

  /** Sets one value inside the stack file, as in `services.api.replicas`. */
  async configure(keyPath: string, value: string): Promise<void> {
    const args = ["config", "set", "--stack", this.stack, "--path", `datasets-server:${keyPath}`, value];
    await this.succeeds("pulumi", [...args, "--non-interactive"]);
  }

  /** Sets an encrypted value; it goes in by stdin, where no process list shows it. */
  async setSecret(key: string, value: string): Promise<void> {
    const args = ["config", "set", "--stack", this.stack, "--secret", `datasets-server:${key}`];
    const setting = promisify(execFile)("pulumi", args, { cwd: this.folder, env: this.args.environment });
    setting.child.stdin?.end(value);
    await setting;
  }

  /** Runs any command line as a user would in the copy of the checkout; its words are split at spaces. */
  async shell(commandLine: string): Promise<RunResult> {
    const [command = "", ...args] = commandLine.split(" ");
    return this.succeeds(command, args);
  }

  /** Runs lines of shell as a user would paste them in the copy of the checkout; the first that fails ends it. */
  async script(lines: string): Promise<RunResult> {
    return this.succeeds("sh", ["-euc", lines]);
  }

  /** Runs any command as a user would in the copy of the checkout, whatever it ends with. */
  async command(executable: string, ...args: readonly string[]): Promise<RunResult> {
    const result = await run(executable, args, { cwd: this.folder, env: this.args.environment, timeoutMs: limitMs });
    this.printed.push(result.stdout, result.stderr);
    return result;
  }

  async outputs(): Promise<unknown> {
    const { stdout } = await this.succeeds("pulumi", ["stack", "output", "--json", "--stack", this.stack]);
    return JSON.parse(stdout);
  }

  /** All resources in the state; none before the first update. */
  async stateResources(): Promise<StateResource[]> {
    const { stdout } = await this.succeeds("pulumi", ["stack", "export", "--stack", this.stack]);
    return exportedState.parse(JSON.parse(stdout)).deployment.resources ?? [];
  }

  private async succeeds(command: string, args: readonly string[]): Promise<RunResult> {
    const result = await this.command(command, ...args);
    if (result.code !== 0) {
      throw new Error(
        `${[command, ...args].join(" ")} ended with exit code ${result.code}\n${result.stdout}${result.stderr}`,
      );
    }
    return result;
  }
}
