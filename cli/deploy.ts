import { UserError } from "../cluster/userError";
import { refuseWithoutImages } from "./aws/images";
import { checkSecretsReadable } from "./aws/key";
import { type Engine, execute } from "./lib/engine";
import { stackFile } from "./lib/project";
import { readStack, readStackFileHead } from "./lib/stackFile";
import { update } from "./state/update";
import { refuseTelltaleLog } from "./lib/verbosity";

export interface DeployOptions {
  /** Whether to go on without asking. Nothing else makes it so, not even CI. */
  readonly yes: boolean;
  /** Further flags of `pulumi up`. */
  readonly flags: readonly string[];
}

/**
 * Makes sure, before anything is installed or asked, that a deploy can be let.
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
  refuseTelltaleLog(flags, engine.environment);
  await checkSecrets(stack);
  await checkImages(stack);
  await update(engine, stack, ["up", "--stack", stack, ...(yes ? ["--yes"] : []), ...flags]);
}

/** An engine whose runs may delete or replace these objects, such as `Service/datasets-server-prod-api`. */
export function allowing(engine: Engine, objects: readonly string[] = []): Engine {
  if (objects.length === 0) return engine;
  return { ...engine, environment: { ...engine.environment, DATASETS_SERVER_ALLOW: objects.join(" ") } };
}

/** Pods would wait for an image that is not there until their rollout's deadline. */
async function checkImages(stack: string): Promise<void> {
  const { config } = readStack(stack);
  const tag = `ds pulumi ${stack} -- config set --path datasets-server:images.tag sha-abc1234`;
  await refuseWithoutImages(config, `deploy one that is there: ${tag}`);
}

/** Shows what a deploy would change. */
export async function preview(engine: Engine, stack: string, flags: readonly string[]): Promise<void> {
  refuseTelltaleLog(flags, engine.environment);
  await checkSecrets(stack);
  await execute(engine, ["preview", "--stack", stack, "--diff", ...flags]);
}

/** The engine would say no more than AWS does. */
export async function checkSecrets(stack: string): Promise<void> {
  const { keeper } = readStackFileHead(stackFile(stack));
  if (keeper.kind === "key") await checkSecretsReadable(keeper);
}
