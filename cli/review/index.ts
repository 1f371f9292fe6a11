import { writeFile } from "node:fs/promises";
import * as path from "node:path";
import { errorText } from "../../cluster/userError";
import { checkSecrets, secretsKeeper } from "../deploy";
import type { Engine } from "../lib/engine";
import { checkVerbosity } from "../lib/verbosity";
import { comment, wholeReview } from "./markdown";
import { failedPlan, type Plan } from "./plan";
import { previewStack } from "./preview";
import { counted } from "./text";

export interface ReviewOptions {
  /** The Markdown file to write. The whole, however long, goes beside it, as NAME-whole.md. */
  readonly out: string;
  /** Where a reader finds the whole, such as the address of a workflow run that keeps it. Default: the file's name. */
  readonly link?: string;
  /** The engine of a stack. */
  readonly engineOf: (stack: string) => Promise<Engine>;
}

/**
 * Previews stacks one after another and writes one comment about all of them. Returns how many previews failed: the comment
 * says why.
 */
export async function review(stacks: readonly string[], { out, link, engineOf }: ReviewOptions): Promise<number> {
  const plans: Plan[] = [];
  for (const stack of stacks) {
    console.log(`previewing ${stack}, which takes some seconds`);
    const plan = await previewPlan(stack, engineOf);
    plans.push(plan);
    const found = plan.failure === undefined ? counted(plan.changes.length, "change") : "the preview failed";
    console.log(`  ${found}, ${plan.unchanged} unchanged`);
  }
  const { dir, name, ext } = path.parse(out);
  const wholeFile = path.join(dir, `${name}-whole${ext}`);
  const fileName = path.basename(wholeFile);
  await writeFile(wholeFile, wholeReview(plans));
  await writeFile(out, comment(plans, { whole: link === undefined ? fileName : `${fileName} of ${link}` }));
  console.log(`the comment: ${out}\nthe whole:   ${wholeFile}`);
  return plans.filter(({ failure }) => failure !== undefined).length;
}

async function previewPlan(stack: string, engineOf: ReviewOptions["engineOf"]): Promise<Plan> {
  try {
    const engine = await engineOf(stack);
    checkVerbosity([], engine.environment);
    await checkSecrets(secretsKeeper(stack));
    return await previewStack(engine, stack);
  } catch (error) {
    return failedPlan(stack, errorText(error));
  }
}
