import type { OpMap, UpdateSummary } from "@pulumi/pulumi/automation";
import { z } from "zod";
import { identifyStack } from "../config/stacks";
import { answered, stackOf } from "./lib/automation";
import { engineFor } from "./lib/engine";
import { parseJson } from "./lib/json";
import { table } from "./lib/table";
import { authorIn } from "./state/author";

const images = z.object({ tag: z.string() });

/** Shows who updated a stack, when, from which commit, with which images, and what became of it; the latest first. */
export async function history(workspace: string, stack: string, limit: number): Promise<void> {
  const pulumi = await stackOf(await engineFor(workspace, stack), stack);
  const withSecrets = false;
  const updates = await answered(pulumi.history(limit, 1, withSecrets));
  console.log(updates.length === 0 ? `stack ${stack} was never updated` : historyTable(stack, updates));
}

/** The updates of a stack as a table. */
export function historyTable(stack: string, updates: readonly UpdateSummary[]): string {
  const head = ["when", "who", "commit", "images", "kind", "result", "changes"];
  // An environment's images are not those of the stack file, and Pulumi records no others.
  const hasImages = identifyStack(stack)?.kind !== "pr-N";
  return table(
    head,
    updates.map((update) => row(update, hasImages ? imagesOf(update) : "not recorded")),
  );
}

function row(update: UpdateSummary, tag: string): string[] {
  const { startTime, message, environment, kind, result, resourceChanges = {} } = update;
  return [
    startTime.toISOString(),
    authorIn(message) ?? "not said",
    commitOf(environment),
    tag,
    kind,
    result,
    changesOf(resourceChanges),
  ];
}

function imagesOf({ config }: UpdateSummary): string {
  const parsed = images.safeParse(parseJson(config["datasets-server:images"]?.value ?? ""));
  return parsed.success ? parsed.data.tag : "";
}

/** As in `8043b9b0a1c2, changed` where files differed from the commit. */
function commitOf({ "git.head": head = "", "git.dirty": dirty }: UpdateSummary["environment"]): string {
  return head === "" ? "none" : `${head.slice(0, 12)}${dirty === "true" ? ", changed" : ""}`;
}

function changesOf({ same: _same, ...changes }: OpMap): string {
  const parts = Object.entries(changes).filter(([, count]) => count > 0);
  return parts.map(([what, count]) => `${count} ${what}`).join(", ") || "none";
}
