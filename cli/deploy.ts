import { UserError } from "../cluster/userError";
import type { Images } from "../components/workloads/workload";
import { type Digests, digestVariables, movedTags, recordedDigests } from "../config/images";
import { askForImages, requireImages } from "./aws/images";
import { checkSecretsReadable } from "./aws/key";
import { updateExplained } from "./diagnosis";
import { answered, stackOf } from "./lib/automation";
import { confirm } from "./lib/confirm";
import { hideSecrets } from "./lib/decryption";
import { type Engine, execute } from "./lib/engine";
import { stackFile } from "./lib/project";
import { readStack, readStackFileHead, type SecretsKeeper } from "./lib/stackFile";
import { checkVerbosity } from "./lib/verbosity";
import { requireUnlocked } from "./state/update";

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
  const digests = await requireImages(config, `deploy one that is there: ${tag}`);
  const told = telling(engine, digests);
  await hideSecrets(engine, stack);
  if (yes) {
    await requireUnmoved(engine, stack, config.datasetsServer.images, digests);
  } else {
    await requireUnlocked(engine, stack);
    // Pulumi would ask only where it has the terminal to itself, and then show what no one has redacted.
    await execute(told, ["preview", "--stack", stack, ...flags.filter((flag) => !ofUpAlone.test(flag))]);
    if (!(await confirm(`Deploy this to stack ${stack}?`))) throw new UserError("no changes were made");
  }
  const asked = yes ? [] : ["--skip-preview"];
  await updateExplained(told, stack, ["up", "--stack", stack, "--yes", ...asked, ...flags]);
}

/**
 * Makes sure that no tag has moved since the stack recorded its digest. With a yes beforehand no one looks at the plan, which shows it.
 *
 * @throws when one has, naming each.
 */
async function requireUnmoved(engine: Engine, stack: string, images: Images, digests: Digests): Promise<void> {
  if (Object.keys(digests).length === 0) return;
  const { images: recorded } = await answered((await stackOf(engine, stack)).outputs());
  const moved = movedTags(images, recordedDigests(images, recorded?.value), digests);
  if (moved.length === 0) return;
  throw new UserError(
    ["these tags have moved; no changes were made:", ...moved.map((line) => `  ${line}`)].join("\n"),
    `ask who has pushed them. Then deploy another tag, or see what would change and confirm it: ds deploy ${stack}`,
  );
}

/** Returns an engine whose runs put images of these digests into pods. */
export function telling(engine: Engine, digests: Digests): Engine {
  return { ...engine, environment: { ...engine.environment, ...digestVariables(digests) } };
}

/** Flags of `pulumi up` that `pulumi preview` does not take. */
const ofUpAlone = /^(-[fy]|--(continue-on-error|secrets-provider|skip-preview|strict|yes)(=.*)?)$/;

/** Returns an engine whose runs may delete or replace these objects, such as `Service/datasets-server-prod-api`. */
export function allowing(engine: Engine, objects: readonly string[] = []): Engine {
  if (objects.length === 0) return engine;
  return { ...engine, environment: { ...engine.environment, DATASETS_SERVER_ALLOW: objects.join(" ") } };
}

/** Shows what a deploy would change. */
export async function preview(engine: Engine, stack: string, flags: readonly string[]): Promise<void> {
  checkVerbosity(flags, engine.environment);
  const { config, keeper } = readStack(stack);
  await checkSecrets(keeper);
  const { digests } = await askForImages(config);
  await hideSecrets(engine, stack);
  await execute(telling(engine, digests), ["preview", "--stack", stack, "--diff", ...flags]);
}

/** Returns what can decrypt the stack file of a stack; the rest of the file may have issues. */
export function secretsKeeper(stack: string): SecretsKeeper {
  return readStackFileHead(stackFile(stack)).keeper;
}

/** Checks that a key decrypts the secrets of its stack file: Pulumi would say no more than AWS does. */
export async function checkSecrets(keeper: SecretsKeeper): Promise<void> {
  if (keeper.kind === "key") await checkSecretsReadable(keeper);
}
