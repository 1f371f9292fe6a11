import { z } from "zod";
import { identifyStack } from "../config/stacks";
import { answerOf, type Engine } from "./engine";
import { signedBy } from "./state/author";
import { table } from "./table";

/** How many updates are shown by default. */
export const defaultLimit = 20;

const updateRecord = z.object({
  kind: z.string(),
  startTime: z.string(),
  message: z.string().default(""),
  environment: z.record(z.string(), z.string()).default({}),
  config: z.record(z.string(), z.object({ objectValue: z.unknown().optional() })).default({}),
  result: z.string(),
  resourceChanges: z.record(z.string(), z.number()).default({}),
});

/** An update as the engine recorded it, without the secrets it had. */
export type UpdateRecord = z.infer<typeof updateRecord>;

const images = z.object({ tag: z.string() });

/** Shows who updated a stack, when, from which commit, with which images, and what became of it; the latest first. */
export async function history(engine: Engine, stack: string, limit: number): Promise<void> {
  const page = ["--page-size", String(limit), "--page", "1"];
  const args = ["stack", "history", "--stack", stack, "--json", "--full-dates", ...page];
  const updates = parseHistory(await answerOf(engine, args));
  console.log(updates.length === 0 ? `stack ${stack} was never updated` : historyTable(stack, updates));
}

/** @throws when it is no history of this engine. */
export function parseHistory(json: string): UpdateRecord[] {
  return z.array(updateRecord).parse(JSON.parse(json));
}

/** The updates of a stack as a table. */
export function historyTable(stack: string, updates: readonly UpdateRecord[]): string {
  const head = ["when", "who", "commit", "images", "kind", "result", "changes"];
  // An environment's images are not those of the stack file, and the engine records no others.
  const hasImages = identifyStack(stack)?.kind !== "pr-N";
  return table(
    head,
    updates.map((update) => row(update, hasImages ? imagesOf(update) : "not recorded")),
  );
}

function row(update: UpdateRecord, tag: string): string[] {
  const { startTime, message, environment, kind, result, resourceChanges } = update;
  return [
    startTime,
    signedBy(message) ?? "not said",
    commitOf(environment),
    tag,
    kind,
    result,
    changesOf(resourceChanges),
  ];
}

function imagesOf({ config }: UpdateRecord): string {
  const parsed = images.safeParse(config["datasets-server:images"]?.objectValue);
  return parsed.success ? parsed.data.tag : "";
}

/** As in `8043b9b0a1c2, changed` where files differed from the commit. */
function commitOf({ "git.head": head = "", "git.dirty": dirty }: UpdateRecord["environment"]): string {
  return head === "" ? "none" : `${head.slice(0, 12)}${dirty === "true" ? ", changed" : ""}`;
}

function changesOf({ same: _same, ...changes }: UpdateRecord["resourceChanges"]): string {
  const parts = Object.entries(changes).filter(([, count]) => count > 0);
  return parts.map(([what, count]) => `${count} ${what}`).join(", ") || "none";
}
