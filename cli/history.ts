import type { OpMap, UpdateSummary } from "@pulumi/pulumi/automation";
import { z } from "zod";
import { identifyStack } from "../config/stacks";
import { answered, stackOf } from "./lib/automation";
import { type Engine, engineFor } from "./lib/engine";
import { parseJson } from "./lib/json";
import { table } from "./lib/table";
import { authorIn } from "./state/author";

const images = z.object({ tag: z.string() });

/** What `ds history --json` prints: an update of a stack. */
export const historyEntry = z.strictObject({
  time: z.string().describe("when it began, such as 2026-07-01T10:00:00.000Z"),
  author: z.string().optional().describe("absent where the message of the update names no one"),
  commit: z.string().optional().describe("all its digits; absent where the files were no git checkout"),
  dirty: z.boolean().describe("whether files differed from that commit"),
  imageTag: z.string().optional().describe("absent for an environment of a pull request, where it is not recorded"),
  kind: z.string().describe("what Pulumi was told to do: update, refresh, destroy and the like"),
  result: z.string().describe("what became of it: succeeded, failed, in-progress"),
  changes: z
    .record(z.string(), z.number())
    .describe("how many resources were created, updated and so on, none of them 0"),
});

export type HistoryEntry = z.infer<typeof historyEntry>;

/** Shows who updated a stack, when, from which commit, with which images, and what became of it; the latest first. */
export async function history(
  workspace: string,
  stack: string,
  { limit, json }: { readonly limit: number; readonly json: boolean },
): Promise<void> {
  const entries = await readHistory(await engineFor(workspace, stack), stack, limit);
  if (json) console.log(JSON.stringify(entries, undefined, 2));
  else console.log(entries.length === 0 ? `stack ${stack} was never updated` : historyTable(entries));
}

/** Reads the last updates of a stack, the latest first. */
export async function readHistory(engine: Engine, stack: string, limit: number): Promise<HistoryEntry[]> {
  const pulumi = await stackOf(engine, stack);
  const withSecrets = false;
  return historyEntries(stack, await answered(pulumi.history(limit, 1, withSecrets)));
}

/** What Pulumi's history of a stack tells. */
export function historyEntries(stack: string, updates: readonly UpdateSummary[]): HistoryEntry[] {
  // An environment's images are not those of the stack file, and Pulumi records no others.
  const hasImages = identifyStack(stack)?.kind !== "pr-N";
  return updates.map((update) => {
    const { startTime, message, environment, kind, result, resourceChanges = {} } = update;
    const { "git.head": commit, "git.dirty": dirty } = environment;
    const [author, imageTag] = [authorIn(message), hasImages ? tagOf(update) : undefined];
    return {
      time: startTime.toISOString(),
      ...(author !== undefined && { author }),
      ...(commit && { commit }),
      dirty: dirty === "true",
      ...(imageTag !== undefined && { imageTag }),
      kind,
      result,
      changes: changesOf(resourceChanges),
    };
  });
}

/** The updates of a stack as a table. */
export function historyTable(entries: readonly HistoryEntry[]): string {
  const head = ["when", "who", "commit", "images", "kind", "result", "changes"];
  return table(head, entries.map(row));
}

function row({ time, author, commit, dirty, imageTag, kind, result, changes }: HistoryEntry): string[] {
  const from = commit === undefined ? "none" : `${commit.slice(0, 12)}${dirty ? ", changed" : ""}`;
  const what = Object.entries(changes).map(([op, count]) => `${count} ${op}`);
  return [time, author ?? "not said", from, imageTag ?? "not recorded", kind, result, what.join(", ") || "none"];
}

function tagOf({ config }: UpdateSummary): string | undefined {
  const parsed = images.safeParse(parseJson(config["datasets-server:images"]?.value ?? ""));
  return parsed.success ? parsed.data.tag : undefined;
}

function changesOf({ same: _same, ...changes }: OpMap): Record<string, number> {
  return Object.fromEntries(Object.entries(changes).filter(([, count]) => count > 0));
}
