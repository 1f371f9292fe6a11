import { writeFile } from "node:fs/promises";
import { redact } from "../../safety/redaction";
import { engineFor } from "../lib/engine";
import { table } from "../lib/table";
import { deployed, driftOnCluster } from "./cluster";
import { type Drift, refresh, refreshedDrift } from "./refreshed";

const head = ["object", "field", "what"];

/**
 * Shows where a stack's objects are no longer as they were deployed, what is beside them and belongs to no stack, and how each
 * is undone. Changes nothing.
 *
 * @param out a file to write what was found to, as Markdown. Default: none.
 * @returns whether there is no drift.
 */
export async function drift(workspace: string, stack: string, out?: string): Promise<boolean> {
  const engine = await engineFor(workspace, stack);
  console.log(`comparing the objects of stack ${stack} with what was deployed`);
  const refreshed = await refresh(engine, stack);
  console.log("asking the cluster who wrote to them, and what else is there");
  const { drift: onCluster, unknown } = await driftOnCluster(deployed(refreshed));
  const found = merged(refreshedDrift(refreshed), onCluster);
  const lines = [
    found.length === 0 ? "no drift" : table(head, found.map(cells)),
    ...undoSteps(stack, found),
    ...(unknown.length > 0 ? [`not looked for, as this identity may not list them: each ${unknown.join(", ")}`] : []),
  ];
  console.log(lines.join("\n"));
  if (out !== undefined) await writeFile(out, redact(driftMarkdown(stack, found)));
  return found.length === 0;
}

/** Leaves out what a refresh found of an object that was compared: it tells the same once more, and not who wrote it. */
function merged(refreshed: readonly Drift[], onCluster: readonly Drift[]): Drift[] {
  const compared = new Set(onCluster.map(({ object }) => object));
  return [...refreshed.filter(({ object }) => !compared.has(object)), ...onCluster];
}

/** How to undo what was found, each step once. */
function undoSteps(stack: string, found: readonly Drift[]): string[] {
  const update = `ds pulumi ${stack} -- up --refresh`;
  const steps = [...new Set(found.map(({ undo = update }) => undo))];
  return steps.length === 0 ? [] : ["", "to undo:", ...steps.map((step) => `  ${step}`), ""];
}

/** The same for an issue. */
export function driftMarkdown(stack: string, found: readonly Drift[]): string {
  if (found.length === 0) return `Stack ${stack} is as it was deployed.\n`;
  const rows = [head, head.map(() => "---"), ...found.map((each) => cells(each).map(code))];
  return [
    `Objects of stack ${stack} are no longer as they were deployed, or others are beside them. Why, and what to look at first: docs/runbook.md.`,
    "",
    ...rows.map((row) => `| ${row.join(" | ")} |`),
    "",
    "```",
    ...undoSteps(stack, found).flatMap((line) => (line === "" ? [] : [line.replaceAll("`", "'")])),
    "```",
    "",
  ].join("\n");
}

function cells({ object, field, what }: Drift): string[] {
  return [object, field, what];
}

/** Names come from outside, by those who write to the cluster: as code they are no links and no mentions. */
function code(text: string): string {
  return text === "" ? "" : `\`${text.replaceAll("`", "'").replaceAll("|", "\\|")}\``;
}
