import { writeFile } from "node:fs/promises";
import * as path from "node:path";
import { errorText, UserError } from "../../cluster/userError";
import { askForImages } from "../aws/images";
import { checkSecrets, telling } from "../deploy";
import type { Engine } from "../lib/engine";
import { workingTree } from "../lib/git";
import { readStack } from "../lib/stackFile";
import { checkVerbosity } from "../lib/verbosity";
import { approvalOf } from "./approval";
import { asJson } from "./json";
import { comment, wholeReview } from "./markdown";
import { failedPlan, type Plan } from "./plan";
import { previewStack } from "./preview";
import { counted } from "./text";

export interface ReviewOptions {
  /** The Markdown file to write. The whole, however long, goes beside it, as NAME-whole.md. */
  readonly out: string;
  /** Where a reader finds the whole, such as the address of a workflow run that keeps it. Default: the file's name. */
  readonly link?: string;
  /** The commit that the comment is about. Default: that of the project's files. */
  readonly commit?: string;
  /** Where to write what a deploy of the one stack can be held to. Default: nowhere. */
  readonly approval?: string;
  /** Whether to print what the previews say as JSON; all else goes to stderr then. */
  readonly json: boolean;
  /** The engine of a stack. */
  readonly engineOf: (stack: string) => Promise<Engine>;
}

/**
 * Previews stacks one after another and writes one comment about all of them. Returns how many previews failed: the comment
 * says why.
 */
export async function review(stacks: readonly string[], options: ReviewOptions): Promise<number> {
  const { out, link, approval, json, engineOf } = options;
  const say = json ? console.error : console.log;
  if (approval !== undefined && stacks.length > 1) {
    throw new UserError("an approval is of one stack, and nothing was previewed", `ds review ${stacks[0]} ...`);
  }
  const time = new Date();
  const commit = options.commit ?? (await workingTree()).commit;
  const previewed = { time, ...(commit && { commit }) };
  const plans: Plan[] = [];
  for (const stack of stacks) {
    say(`previewing ${stack}, which takes some seconds`);
    const plan = await planOf(stack, engineOf);
    plans.push(plan);
    const found = plan.failure === undefined ? counted(plan.changes.length, "change") : "the preview failed";
    say(`  ${found}, ${plan.unchanged} unchanged`);
  }
  const { dir, name, ext } = path.parse(out);
  const wholeFile = path.join(dir, `${name}-whole${ext}`);
  const fileName = path.basename(wholeFile);
  await writeFile(wholeFile, wholeReview(plans, previewed));
  await writeFile(out, comment(plans, { whole: link === undefined ? fileName : `${fileName} of ${link}`, previewed }));
  const [first] = plans;
  if (approval !== undefined && first && first.failure === undefined) {
    await writeFile(approval, JSON.stringify(approvalOf(first, commit), undefined, 2));
  }
  say(`the comment: ${out}\nthe whole:   ${wholeFile}`);
  if (json) console.log(asJson(plans));
  return plans.filter(({ failure }) => failure !== undefined).length;
}

async function planOf(stack: string, engineOf: ReviewOptions["engineOf"]): Promise<Plan> {
  try {
    const engine = await engineOf(stack);
    checkVerbosity([], engine.environment);
    const { config, keeper } = readStack(stack);
    await checkSecrets(keeper);
    return await previewStack(telling(engine, (await askForImages(config)).digests), stack);
  } catch (error) {
    return failedPlan(stack, errorText(error));
  }
}
