import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { UserError } from "../../cluster/userError";
import { parseJson } from "../lib/json";
import { differencesOf } from "./describe";
import { type Change, type Plan, previewFailed } from "./plan";

const approval = z.object({
  stack: z.string(),
  /** Undefined for files that are no commit. */
  commit: z.string().optional(),
  /** By what happens to which object, a checksum of each value that differs, by where it is. */
  changes: z.record(z.string(), z.record(z.string(), z.string())),
});

/** What was shown of a plan to whoever approves it, without its values: a deploy is held to it. */
export type Approval = z.infer<typeof approval>;

/** Returns what approves a plan of a commit. A secret is in it by the checksum that the pods have, as in all plans. */
export function approvalOf({ stack, changes }: Plan, commit: string | undefined): Approval {
  const entries = changes.map((change) => [headingOf(change), fieldsOf(change)] as const);
  return { stack, ...(commit !== undefined && { commit }), changes: Object.fromEntries(entries) };
}

/** Reads what `ds review --approval` has written. */
export async function readApproval(file: string): Promise<Approval> {
  const { data } = approval.safeParse(parseJson(await readFile(file, "utf8").catch(() => "")));
  if (data) return data;
  throw new UserError(`${file} is no approval; no changes were made`, "ds review STACK --out FILE --approval FILE");
}

/**
 * Makes sure that a plan does what was approved, and nothing else.
 *
 * @throws with each difference.
 */
export function requireApproved(plan: Plan, commit: string | undefined, approved: Approval): void {
  if (plan.failure !== undefined) throw previewFailed(plan);
  const now = approvalOf(plan, commit);
  const found = [
    ...(["stack", "commit"] as const)
      .filter((key) => now[key] !== approved[key])
      .map((key) => `it is of ${key} ${now[key] ?? "none"}, approved was ${approved[key] ?? "none"}`),
    ...Object.keys({ ...approved.changes, ...now.changes }).flatMap((change) =>
      differenceOf(change, approved.changes[change], now.changes[change]),
    ),
  ];
  if (found.length === 0) return;
  const lines = found.map((line) => `  ${line}`);
  const message = `stack ${plan.stack} would not be updated as approved; no changes were made:`;
  const next = `look at what it would do now, ds preview ${plan.stack}, and have that approved: in the workflow, by a new run`;
  throw new UserError([message, ...lines].join("\n"), next);
}

type Fields = Approval["changes"][string];

function differenceOf(change: string, approved: Fields | undefined, now: Fields | undefined): string[] {
  if (approved === undefined) return [`${change}: not approved`];
  if (now === undefined) return [`${change}: approved, and not to be done any more`];
  const fields = Object.keys({ ...approved, ...now }).filter((field) => approved[field] !== now[field]);
  return fields.map((field) => `${change}: another ${field === "" ? "content" : field} than approved`);
}

function headingOf({ effect, kind, namespace = "", name }: Change): string {
  return `${effect} ${kind} ${namespace}/${name}`;
}

function fieldsOf(change: Change): Fields {
  const fields = differencesOf(change).map(({ where, ...values }) => [where, checksum(values)] as const);
  return Object.fromEntries(fields);
}

function checksum(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex");
}
