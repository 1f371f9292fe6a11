import { readFileSync } from "node:fs";
import * as path from "node:path";
import type { KubernetesObject } from "../../../cli/lib/objects";
import { projectFolder } from "../../../cli/lib/project";
import { stackRun } from "../stackRuns";
import { type ComparedStack, complaints, type Entry, readEntries } from "./differences";
import type { Facts } from "./facts";
import { factsOf } from "./model";

/** The objects of the chart that each of our stacks takes over from. */
const fixtures: Readonly<Record<ComparedStack, string>> = {
  prod: "chart-prod.json",
  ephemeral: "chart-staging.json",
};

/** What takes a while to read is read once in a run. */
const read = {
  chart: new Map<ComparedStack, Facts>(),
  entries: new Map<string, readonly Entry[]>(),
};

function once<Key, Value>(known: Map<Key, Value>, key: Key, make: () => Value): Value {
  const value = known.get(key) ?? make();
  known.set(key, value);
  return value;
}

/** Our objects of a stack. */
export async function ourObjects(stack: ComparedStack): Promise<readonly KubernetesObject[]> {
  return (await stackRun(stack)).objects;
}

/** The text of docs/differences.md. */
export function differencesDocument(): string {
  return readFileSync(path.join(projectFolder, "docs/differences.md"), "utf8");
}

/** All that is wrong between the chart, our objects of a stack or others, and the document's entries with some added. */
export async function complaintsAbout(
  stack: ComparedStack,
  { objects, added = [] }: { readonly objects?: readonly unknown[]; readonly added?: readonly Entry[] } = {},
): Promise<string[]> {
  const chart = once(read.chart, stack, () => factsOf(chartObjects(stack)));
  const ours = factsOf(objects ?? (await ourObjects(stack)));
  const document = differencesDocument();
  const entries = once(read.entries, document, () => readEntries(document));
  return complaints({ stack, chart, ours }, [...entries, ...added]);
}

/** The chart's objects for a stack: facts only, without Helm's labels. */
function chartObjects(stack: ComparedStack): unknown[] {
  return JSON.parse(readFileSync(path.join(projectFolder, "tests/fixtures", fixtures[stack]), "utf8"));
}
