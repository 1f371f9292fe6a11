import { UserError } from "../cluster/userError";
import { requireImages } from "./aws/images";
import { checkSecretsReadable } from "./aws/key";
import { updateExplained } from "./diagnosis";
import { forecastLines } from "./forecast/text";
import { type Engine, ended, execute } from "./lib/engine";
import { workingTree } from "./lib/git";
import { stackFile } from "./lib/project";
import { readStack, readStackFileHead, type SecretsKeeper } from "./lib/stackFile";
import { checkVerbosity } from "./lib/verbosity";
import { readApproval, requireApproved } from "./review/approval";
import type { Plan } from "./review/plan";
import { previewStack } from "./review/preview";
import { type Commits, requireNewest } from "./state/newest";
import { requireUnlocked } from "./state/update";

export interface DeployOptions extends Commits {
  /** Whether to go on without asking. Nothing else makes it so, not even CI. */
  readonly yes: boolean;
  /** A file of `ds review --approval`: what this deploy may do. Default: whatever its preview shows. */
  readonly approved?: string;
  /** Further flags of `pulumi up`. */
  readonly flags: readonly string[];
}

/**
 * Makes sure, before anything is installed or asked, that a deploy can get its yes.
 *
 * @throws when there is neither a yes nor a terminal to ask at.
 */
export function requireConsent(stack: string, yes: boolean): void {
  if (yes || process.stdin.isTTY) return;
  throw new UserError(
    `there is no terminal to ask at; no changes were made`,
    `ds deploy ${stack} --yes deploys without asking`,
  );
}

/** Updates a stack as `pulumi up` does, one run at a time, and shows it before it asks. */
export async function deploy(engine: Engine, stack: string, options: DeployOptions): Promise<void> {
  const { yes, flags } = options;
  checkVerbosity(flags, engine.environment);
  const { config, keeper } = readStack(stack);
  await checkSecrets(keeper);
  const approved = options.approved === undefined ? undefined : await readApproval(options.approved);
  if (approved && flags.length > 0) {
    throw new UserError("with flags of Pulumi a deploy cannot be held to what was approved", "leave them out");
  }
  await requireUnlocked(engine, stack);
  await requireNewest(engine, stack, options);
  // Pods would wait for an image that is not there until their rollout's deadline.
  const tag = `ds pulumi ${stack} -- config set --path datasets-server:images.tag sha-abc1234`;
  await requireImages(config, `deploy one that is there: ${tag}`);
  // With flags Pulumi may do something else. What it says of a preview that fails it says itself, below.
  if (flags.length === 0) {
    const plan = await previewStack(engine, stack);
    showForecast(plan);
    if (approved) requireApproved(plan, (await workingTree()).commit, approved);
  }
  await updateExplained(engine, stack, ["up", "--stack", stack, ...(yes ? ["--yes"] : []), ...flags]);
}

/** Returns an engine whose runs may delete or replace these objects, such as `Service/datasets-server-prod-api`. */
export function allowing(engine: Engine, objects: readonly string[] = []): Engine {
  if (objects.length === 0) return engine;
  return { ...engine, environment: { ...engine.environment, DATASETS_SERVER_ALLOW: objects.join(" ") } };
}

/** Shows what a deploy would change, and, without further flags, what that does to what runs. */
export async function preview(engine: Engine, stack: string, flags: readonly string[]): Promise<void> {
  checkVerbosity(flags, engine.environment);
  await checkSecrets(secretsKeeper(stack));
  const args = ["preview", "--stack", stack, "--diff"];
  if (flags.length > 0) return execute(engine, [...args, ...flags]);
  const plan = await previewStack(engine, stack, {
    diff: true,
    color: process.stdout.isTTY ? "always" : "never",
    onOutput: (text) => process.stdout.write(text),
    onError: (text) => process.stderr.write(text),
  });
  if (plan.failure !== undefined) throw ended(args, 1);
  showForecast(plan);
}

function showForecast({ forecast, changes }: Plan): void {
  if (forecast && changes.length > 0) console.log(`\n${forecastLines(forecast)}\n`);
}

/** Returns what can decrypt the stack file of a stack; the rest of the file may have issues. */
export function secretsKeeper(stack: string): SecretsKeeper {
  return readStackFileHead(stackFile(stack)).keeper;
}

/** Checks that a key decrypts the secrets of its stack file: Pulumi would say no more than AWS does. */
export async function checkSecrets(keeper: SecretsKeeper): Promise<void> {
  if (keeper.kind === "key") await checkSecretsReadable(keeper);
}
