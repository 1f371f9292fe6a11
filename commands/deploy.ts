import { refuseWithoutImages } from "./aws/images";
import { checkSecretsReadable } from "./aws/key";
import { type Engine, execute } from "./engine";
import { stackFile } from "./project";
import { readStack, readStackFileHead } from "./stackFile";
import { update } from "./state/update";
import { isCi, refuseTelltaleLog } from "./verbosity";

export interface DeployOptions {
  /** Whether to go on without asking, as in CI. */
  readonly yes: boolean;
  /** Further flags of the engine's own. */
  readonly flags: readonly string[];
}

/** Updates a stack as `pulumi up` does, one run at a time, and shows it before it asks. */
export async function deploy(engine: Engine, stack: string, { yes, flags }: DeployOptions): Promise<void> {
  refuseTelltaleLog(flags, engine.environment);
  const unasked = yes || isCi(engine.environment);
  if (!unasked && !process.stdin.isTTY) {
    throw new Error("there is no terminal to ask at; nothing was touched.\nNext: YES=1 deploys without asking");
  }
  await checkSecrets(stack);
  await checkImages(stack);
  await update(engine, stack, ["up", "--stack", stack, ...(unasked ? ["--yes"] : []), ...flags]);
}

/** Pods would wait for an image that is not there until their rollout's deadline. */
async function checkImages(stack: string): Promise<void> {
  const { config } = readStack(stack);
  const tag = `pulumi config set --path datasets-server:images.tag sha-abc1234 -s ${stack}`;
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
