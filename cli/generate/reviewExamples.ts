import { readFile } from "node:fs/promises";
import * as path from "node:path";
import { projectFolder } from "../lib/project";
import { comment } from "../review/markdown";
import { type Plan, type PlanEvent, readPlan } from "../review/plan";
import { forecastExamples } from "./forecastExamples";

/** How Pulumi ended where an example's preview failed, by the name of its file of events. */
const failures: Readonly<Record<string, string>> = { refused: "preview failed", rejected: "preview failed" };

interface Example {
  /** The files with the events of stack prod and of stack ephemeral. */
  readonly prod: string;
  readonly ephemeral: string;
  /** What a comment may have; characters. Default: what GitHub takes. */
  readonly most?: number;
}

const examples: Readonly<Record<string, Example>> = {
  create: { prod: "create", ephemeral: "unchanged" },
  update: { prod: "update", ephemeral: "unchanged" },
  replace: { prod: "unchanged", ephemeral: "replace" },
  delete: { prod: "delete", ephemeral: "unchanged" },
  secret: { prod: "secret", ephemeral: "unchanged" },
  failure: { prod: "refused", ephemeral: "rejected" },
  "too-long": { prod: "image", ephemeral: "secret", most: 2_200 },
};

/** Returns comments of reviews that are kept for review themselves, each by the name of its file. */
export async function reviewExamples(): Promise<Record<string, string>> {
  const comments = Object.entries(examples).map(async ([name, { prod, ephemeral, ...limit }]) => {
    const plans = [await planOf("prod", prod), await planOf("ephemeral", ephemeral)];
    return [`${name}.md`, commentOn(plans, limit)] as const;
  });
  const forecasts = Object.entries(forecastExamples()).map(
    ([name, plan]) => [`forecast-${name}.md`, commentOn([plan])] as const,
  );
  return Object.fromEntries([...(await Promise.all(comments)), ...forecasts]);
}

function commentOn(plans: readonly Plan[], limit: Pick<Example, "most"> = {}): string {
  const previewed = { commit: "8043b9b0a1c2d3e4f5061728394a5b6c7d8e9f00", time: new Date("2026-07-01T10:00:00Z") };
  return comment(plans, { whole: "review-whole.md of https://example.org/run", previewed, ...limit });
}

/** The events are those of stack local, less what a review does not read and most objects that change alike. */
async function planOf(stack: string, preview: string) {
  const file = path.join(projectFolder, "tests/fixtures/review", `${preview}.json`);
  const events: readonly PlanEvent[] = JSON.parse(await readFile(file, "utf8"));
  return readPlan(stack, events, failures[preview]);
}
