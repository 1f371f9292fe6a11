import { readFile } from "node:fs/promises";
import * as path from "node:path";
import { projectFolder } from "../lib/project";
import { comment } from "../review/markdown";
import { type PlanEvent, readPlan } from "../review/plan";

/** A comment that is kept for reviewers of this code to read. */
export interface ReviewExample {
  readonly name: string;
  readonly comment: () => Promise<string>;
}

/**
 * Events of previews of stack local, less what the review does not read and most objects that change alike; the file's name,
 * and how Pulumi ended where a preview failed.
 */
const previews = {
  create: undefined,
  update: undefined,
  replace: undefined,
  delete: undefined,
  secret: undefined,
  image: undefined,
  unchanged: undefined,
  refused: "preview failed",
  rejected: "preview failed",
} as const;

type Preview = keyof typeof previews;

interface ExampleArgs {
  /** The previews that stand for those of two stacks. */
  readonly prod: Preview;
  readonly ephemeral: Preview;
  /** What a comment may have; characters. Default: what GitHub takes. */
  readonly most?: number;
}

const examples: Readonly<Record<string, ExampleArgs>> = {
  create: { prod: "create", ephemeral: "unchanged" },
  update: { prod: "update", ephemeral: "unchanged" },
  replace: { prod: "unchanged", ephemeral: "replace" },
  delete: { prod: "delete", ephemeral: "unchanged" },
  secret: { prod: "secret", ephemeral: "unchanged" },
  failure: { prod: "refused", ephemeral: "rejected" },
  "too-long": { prod: "image", ephemeral: "secret", most: 2_200 },
};

export const reviewExamples: readonly ReviewExample[] = Object.entries(examples).map(([name, example]) => ({
  name,
  comment: async () => {
    const { prod, ephemeral, ...limit } = example;
    const plans = [await planOf("prod", prod), await planOf("ephemeral", ephemeral)];
    return comment(plans, { whole: "review-whole.md of https://example.org/run", ...limit });
  },
}));

async function planOf(stack: string, preview: Preview) {
  const file = path.join(projectFolder, "tests/fixtures/review", `${preview}.json`);
  const events: readonly PlanEvent[] = JSON.parse(await readFile(file, "utf8"));
  return readPlan(stack, events, previews[preview]);
}
