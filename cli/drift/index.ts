import { writeFile } from "node:fs/promises";
import { redact } from "../../safety/redaction";
import { engineFor } from "../lib/engine";
import { table } from "../lib/table";
import { deployed, foreignDrift } from "./cluster";
import { type Drift, refresh, refreshedDrift } from "./refreshed";

const head = ["object", "field", "what"];

/**
 * Shows where a stack's objects are no longer as they were deployed, and who else wrote to them. Changes nothing.
 *
 * @param out a file to write what was found to, as Markdown. Default: none.
 * @returns whether there is no drift.
 */
export async function drift(workspace: string, stack: string, out?: string): Promise<boolean> {
  const engine = await engineFor(workspace, stack);
  console.log(`comparing the objects of stack ${stack} with what was deployed`);
  const refreshed = await refresh(engine, stack);
  console.log("asking the cluster who wrote to them");
  const found = [...refreshedDrift(refreshed), ...(await foreignDrift(deployed(refreshed)))];
  console.log(found.length === 0 ? "no drift" : table(head, found.map(cells)));
  if (out !== undefined) await writeFile(out, redact(driftMarkdown(stack, found)));
  return found.length === 0;
}

/** The same for an issue. */
export function driftMarkdown(stack: string, found: readonly Drift[]): string {
  if (found.length === 0) return `Stack ${stack} is as it was deployed.\n`;
  const rows = [head, head.map(() => "---"), ...found.map((each) => cells(each).map(code))];
  return [
    `Objects of stack ${stack} are no longer as they were deployed. What to do about it: docs/runbook.md.`,
    "",
    ...rows.map((row) => `| ${row.join(" | ")} |`),
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
