import { writeFile } from "node:fs/promises";
import { z } from "zod";
import { redact } from "../../safety/redaction";
import { engineFor } from "../lib/engine";
import { table } from "../lib/table";
import { deployed, driftOnCluster } from "./cluster";
import { type Drift, refresh, refreshedDrift } from "./refreshed";

const head = ["object", "field", "what"];

/** What `ds drift --json` prints. */
export const driftFound = z.strictObject({
  drift: z
    .array(
      z.strictObject({
        object: z.string().describe("such as Deployment datasets-server/datasets-server-prod-api"),
        field: z.string().describe("where in the object; empty where it is about the object as a whole"),
        what: z
          .string()
          .describe("what is not as it was deployed, and who wrote it where that is known; never a value"),
        undo: z.string().describe("the command that undoes it"),
      }),
    )
    .describe("empty where all is as it was deployed"),
  notLookedFor: z.array(z.string()).describe("kinds of objects of no stack that this identity may not list"),
});

export interface DriftOptions {
  /** A file to write what was found to, as Markdown. Default: none. */
  readonly out?: string;
  /** Whether to print what was found as JSON. */
  readonly json: boolean;
}

/**
 * Shows where a stack's objects are no longer as they were deployed, what is beside them and belongs to no stack, and how each
 * is undone. Changes nothing.
 *
 * @returns whether there is no drift.
 */
export async function drift(workspace: string, stack: string, { out, json }: DriftOptions): Promise<boolean> {
  const engine = await engineFor(workspace, stack);
  const say = json ? console.error : console.log;
  say(`comparing the objects of stack ${stack} with what was deployed`);
  const refreshed = await refresh(engine, stack);
  say("asking the cluster who wrote to them, and what else is there");
  const { drift: onCluster, unknown } = await driftOnCluster(deployed(refreshed));
  const found = merged(refreshedDrift(refreshed), onCluster);
  if (json) console.log(asJson(stack, found, unknown));
  else console.log(inWords(stack, found, unknown));
  if (out !== undefined) await writeFile(out, redact(driftMarkdown(stack, found)));
  return found.length === 0;
}

/** Returns what was found for scripts. */
export function asJson(stack: string, found: readonly Drift[], notLookedFor: readonly string[]): string {
  const drift = found.map((each) => ({ ...each, undo: undoStep(stack, each) }));
  const all: z.infer<typeof driftFound> = { drift, notLookedFor: [...notLookedFor] };
  return JSON.stringify(all, undefined, 2);
}

function inWords(stack: string, found: readonly Drift[], unknown: readonly string[]): string {
  return [
    found.length === 0 ? "no drift" : table(head, found.map(cells)),
    ...undoSteps(stack, found),
    ...(unknown.length > 0 ? [`not looked for, as this identity may not list them: each ${unknown.join(", ")}`] : []),
  ].join("\n");
}

/** Leaves out what a refresh found of an object that was compared: it tells the same once more, and not who wrote it. */
function merged(refreshed: readonly Drift[], onCluster: readonly Drift[]): Drift[] {
  const compared = new Set(onCluster.map(({ object }) => object));
  return [...refreshed.filter(({ object }) => !compared.has(object)), ...onCluster];
}

/** How to undo what was found, each step once. */
function undoSteps(stack: string, found: readonly Drift[]): string[] {
  const steps = [...new Set(found.map((each) => undoStep(stack, each)))];
  return steps.length === 0 ? [] : ["", "to undo:", ...steps.map((step) => `  ${step}`), ""];
}

function undoStep(stack: string, { undo = `ds pulumi ${stack} -- up --refresh` }: Drift): string {
  return undo;
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
