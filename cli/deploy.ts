import { UserError } from "../cluster/userError";
import { requireImages } from "./aws/images";
import { checkSecretsReadable } from "./aws/key";
import { updateExplained } from "./diagnosis";
import { type Engine, execute } from "./lib/engine";
import { stackFile } from "./lib/project";
import { readStack, readStackFileHead, type SecretsKeeper } from "./lib/stackFile";
import { checkVerbosity } from "./lib/verbosity";

export interface DeployOptions {
  /** Whether to go on without asking. Nothing else makes it so, not even CI. */
  readonly yes: boolean;
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
export async function deploy(engine: Engine, stack: string, { yes, flags }: DeployOptions): Promise<void> {
  checkVerbosity(flags, engine.environment);
  const { config, keeper } = readStack(stack);
  await checkSecrets(keeper);
  // Pods would wait for an image that is not there until their rollout's deadline.
  const tag = `ds pulumi ${stack} -- config set --path datasets-server:images.tag sha-abc1234`;
  await requireImages(config, `deploy one that is there: ${tag}`);
  await updateExplained(engine, stack, ["up", "--stack", stack, ...(yes ? ["--yes"] : []), ...flags]);
}

/** Returns an engine whose runs may delete or replace these objects, such as `Service/datasets-server-prod-api`. */
export function allowing(engine: Engine, objects: readonly string[] = []): Engine {
  if (objects.length === 0) return engine;
  return { ...engine, environment: { ...engine.environment, DATASETS_SERVER_ALLOW: objects.join(" ") } };
}

/** Shows what a deploy would change. */
export async function preview(engine: Engine, stack: string, flags: readonly string[]): Promise<void> {
  checkVerbosity(flags, engine.environment);
  await checkSecrets(secretsKeeper(stack));
  await execute(engine, ["preview", "--stack", stack, "--diff", ...flags]);
}

/** Returns what can decrypt the stack file of a stack; the rest of the file may have issues. */
export function secretsKeeper(stack: string): SecretsKeeper {
  return readStackFileHead(stackFile(stack)).keeper;
}

/** Checks that a key decrypts the secrets of its stack file: Pulumi would say no more than AWS does. */
export async function checkSecrets(keeper: SecretsKeeper): Promise<void> {
  if (keeper.kind === "key") await checkSecretsReadable(keeper);
}
