import { UserError } from "../cluster/userError";
import type { Images } from "../components/workloads/workload";
import { type Digests, digestVariables, movedTags, recordedDigests } from "../config/images";
import { askForImages, requireImages } from "./aws/images";
import { checkSecretsReadable } from "./aws/key";
import { explained } from "./diagnosis";
import { forecastLines } from "./forecast/text";
import { answered, stackOf } from "./lib/automation";
import { confirm } from "./lib/confirm";
import { hideSecrets } from "./lib/decryption";
import { type Engine, ended, execute, printing } from "./lib/engine";
import { workingTree } from "./lib/git";
import { stackFile } from "./lib/project";
import { readStack, readStackFileHead, type SecretsKeeper } from "./lib/stackFile";
import { checkVerbosity } from "./lib/verbosity";
import { readApproval, requireApproved } from "./review/approval";
import type { Plan } from "./review/plan";
import { previewStack } from "./review/preview";
import { type Commits, requireNewest } from "./state/newest";
import { requireUnlocked, update } from "./state/update";

export interface DeployOptions extends Commits {
  /** Whether to go on without asking. Nothing else makes it so, not even CI. */
  readonly yes: boolean;
  /** A file of `ds review --approval`: what this deploy may do. Default: whatever its preview shows. */
  readonly approved?: string;
  /** How long images are waited for that a build has not pushed yet; milliseconds. */
  readonly waitForImagesMs: number;
  /** Further flags of `pulumi up`. */
  readonly flags: readonly string[];
}

/**
 * Makes sure, before anything is installed or asked, that a command can get its yes.
 *
 * @throws when there is neither a yes nor a terminal to ask at.
 */
export function requireConsent(command: string, yes: boolean): void {
  if (yes || process.stdin.isTTY) return;
  throw new UserError(
    `there is no terminal to ask at; no changes were made`,
    `${command} --yes deploys without asking`,
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
  const digests = await requireImages(config, `deploy one that is there: ${tag}`, {
    limitMs: options.waitForImagesMs,
  });
  const told = telling(engine, digests);
  await hideSecrets(engine, stack);
  if (yes) await requireUnmoved(engine, stack, config.datasetsServer.images, digests);
  if (flags.length === 0) {
    const plan = await showPlan(told, stack, { diff: false });
    if (approved) requireApproved(plan, (await workingTree()).commit, approved);
  } else if (!yes) {
    // Pulumi would ask only where it has the terminal to itself, and then show what no one has redacted.
    await execute(told, ["preview", "--stack", stack, ...flags.filter((flag) => !ofUpAlone.test(flag))]);
  }
  if (!yes && !(await confirm(`Deploy this to stack ${stack}?`))) throw new UserError("no changes were made");
  const previewed = flags.length === 0 || !yes ? ["--skip-preview"] : [];
  const args = ["up", "--stack", stack, "--yes", ...previewed, ...flags];
  await explained(told, stack, () => update(told, stack, args));
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

/** Shows what a deploy would change, and, without further flags, what that does to what runs. */
export async function preview(engine: Engine, stack: string, flags: readonly string[]): Promise<void> {
  checkVerbosity(flags, engine.environment);
  const { config, keeper } = readStack(stack);
  await checkSecrets(keeper);
  const { digests } = await askForImages(config);
  await hideSecrets(engine, stack);
  const told = telling(engine, digests);
  // With flags Pulumi may do something else, which the forecast would not know.
  if (flags.length > 0) await execute(told, ["preview", "--stack", stack, "--diff", ...flags]);
  else await showPlan(told, stack, { diff: true });
}

/** Previews a stack, shows what Pulumi prints of it, and then what that does to what runs. */
async function showPlan(engine: Engine, stack: string, { diff }: { readonly diff: boolean }): Promise<Plan> {
  const plan = await printing(({ stdout, stderr }) =>
    previewStack(engine, stack, {
      diff,
      color: process.stdout.hasColors?.() ? "always" : "never",
      onOutput: stdout,
      onError: stderr,
    }),
  );
  if (plan.failure !== undefined) throw ended(["preview", "--stack", stack], 1, plan.failure.join("\n"));
  if (plan.forecast && plan.changes.length > 0) console.log(`\n${forecastLines(plan.forecast)}\n`);
  return plan;
}

/** Returns what can decrypt the stack file of a stack; the rest of the file may have issues. */
export function secretsKeeper(stack: string): SecretsKeeper {
  return readStackFileHead(stackFile(stack)).keeper;
}

/** Checks that a key decrypts the secrets of its stack file: Pulumi would say no more than AWS does. */
export async function checkSecrets(keeper: SecretsKeeper): Promise<void> {
  if (keeper.kind === "key") await checkSecretsReadable(keeper);
}
