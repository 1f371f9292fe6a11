import { readFile } from "node:fs/promises";
import * as path from "node:path";
import { projectFolder } from "../project";
import { comment } from "./markdown";
import { parsePlan } from "./plan";

/** A comment that is kept for reviewers of this code to read. */
export interface ReviewExample {
  readonly name: string;
  readonly comment: () => Promise<string>;
}

/**
 * What the engine printed for changes of stack local, less what the review does not read and most objects that change alike;
 * the file's name, and the exit code.
 */
const previews = {
  create: 0,
  update: 0,
  replace: 0,
  delete: 0,
  secret: 0,
  image: 0,
  unchanged: 0,
  refused: 1,
  rejected: 1,
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
    const plans = [parsePlan("prod", await kept(prod)), parsePlan("ephemeral", await kept(ephemeral))];
    return comment(plans, { whole: "review-whole.md of https://example.org/run", ...limit });
  },
}));

async function kept(preview: Preview) {
  const file = path.join(projectFolder, "tests/fixtures/review", `${preview}.json`);
  return { code: previews[preview], stdout: await readFile(file, "utf8"), stderr: "" };
}
