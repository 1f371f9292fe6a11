import assert from "node:assert/strict";
import fs from "node:fs/promises";
import path from "node:path";
import { findTools } from "../../../tools/install";
import { pins } from "../../../tools/pins";
import { type RunResult, run } from "../../../tools/run";
import { cleanEnvironment, workspacePaths } from "../../../tools/workspace";
import type { AwsAccount } from "../e2e/awsAccount";
import { copyCheckout } from "../e2e/checkout";
import { Engine } from "../e2e/engine";

export const bucket = "datasets-server-pulumi-state-707930574880";

/** The address of a state in a bucket: a server at an address, not at a name, has no host for each. */
export function stateAddress(of: string): string {
  return `s3://${of}?region=us-east-1&s3ForcePathStyle=true`;
}

const limitMs = 120_000;

/** The profile of whoever makes or mends bucket and keys. Each stack's deploys use a profile of the stack's name. */
export const administrator = "administrator";

/** What git is told of who commits. */
export const author = "-c user.name=grace -c user.email=grace@example.org";

/** A copy of the checkout whose commands run in an account that behaves like AWS, and whose program is a small one. */
export class Team {
  private constructor(
    private readonly folder: string,
    private readonly workspace: string,
    private readonly environment: NodeJS.ProcessEnv,
    private readonly aws: Pick<AwsAccount, "variables">,
  ) {}

  /** Makes one in a folder of the suite, whose profiles are the account's. */
  static async create(suite: string, aws: Pick<AwsAccount, "variables">): Promise<Team> {
    const folder = path.join(suite, "checkout");
    const workspace = path.join(suite, "workspace");
    await copyCheckout(folder);
    await fs.copyFile(path.join(__dirname, "program.ts"), path.join(folder, "index.ts"));
    // Nothing asks it anything, and a deploy would fetch it.
    const { pulumiHome } = workspacePaths(workspace);
    await fs.mkdir(path.join(pulumiHome, "plugins", `resource-aws-${pins.awsProvider}`), { recursive: true });
    const environment = {
      ...cleanEnvironment(),
      CI: "",
      PULUMI_BACKEND_URL: stateAddress(bucket),
      RUNS_LOG: path.join(suite, "runs.log"),
    };
    return new Team(folder, workspace, environment, aws);
  }

  /** Runs a command of cli/main.ts on a stack. */
  command(
    name: string,
    stack: string,
    flags: readonly string[] = [],
    extra: NodeJS.ProcessEnv = {},
  ): Promise<RunResult> {
    const args = ["-r", "ts-node/register/transpile-only", "cli/main.ts", name, stack];
    const profile = name === "bootstrap" ? administrator : stack;
    return run(process.execPath, [...args, "--workspace", this.workspace, ...flags], {
      cwd: this.folder,
      env: { ...this.environment, ...this.aws.variables(profile), ...extra },
      timeoutMs: limitMs,
    });
  }

  /** Deploys without asking, without a preview, and though it is no commit; the run goes by a name in the log of runs. */
  deploy(stack: string, name: string, extra: NodeJS.ProcessEnv = {}): Promise<RunResult> {
    const flags = ["--yes", "--no-smoke", "--dirty", "--", "--skip-preview"];
    return this.command("deploy", stack, flags, { RUN: name, ...extra });
  }

  /** Runs lines of shell in the copy of the checkout; the first that fails ends it. */
  shell(lines: string): Promise<RunResult> {
    return run("sh", ["-euc", lines], { cwd: this.folder, env: this.environment, timeoutMs: limitMs });
  }

  /** Makes a commit of all files, with further flags of git commit, and returns its first twelve digits. */
  async commit(title: string, ...flags: readonly string[]): Promise<string> {
    const made = `git add --all; git ${author} commit --quiet ${flags.join(" ")} --message "${title}"`;
    const { code, stdout, stderr } = await this.shell(`${made}; git rev-parse --short=12 HEAD`);
    assert.equal(code, 0, stdout + stderr);
    return stdout.trim();
  }

  /** The plain engine on a stack. */
  engine(stack: string): Engine {
    const PATH = [path.dirname(findTools(["deploy"]).pulumi), this.environment.PATH ?? ""].join(path.delimiter);
    const variables = { ...this.environment, ...this.aws.variables(stack) };
    const environment = { ...variables, PATH, PULUMI_HOME: workspacePaths(this.workspace).pulumiHome };
    return new Engine({ stack, folder: this.folder, environment });
  }

  stackFile(stack: string): Promise<string> {
    return fs.readFile(path.join(this.folder, `Pulumi.${stack}.yaml`), "utf8");
  }

  writeStackFile(stack: string, text: string): Promise<void> {
    return fs.writeFile(path.join(this.folder, `Pulumi.${stack}.yaml`), text);
  }

  /** The names of the runs so far, each written when its program starts and when it ends. */
  async runs(): Promise<string[]> {
    const text = await fs.readFile(this.environment.RUNS_LOG ?? "", "utf8").catch(() => "");
    return text.split("\n").filter((line) => line !== "");
  }
}
