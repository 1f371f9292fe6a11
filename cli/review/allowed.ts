import { UserError } from "../../cluster/userError";
import { effectsOf } from "../../safety/effects";
import { describeEffect, isAllowed, summarizeEffects, type UpdatePermissions } from "../../safety/protection";
import { yellow } from "../lib/style";
import { type Plan, previewFailed } from "./plan";

/**
 * Says what an update costs traffic and data, before it begins.
 *
 * @throws a UserError when it needs a permission that is not among `allowed`, and when its preview failed.
 */
export function requireAllowed(plan: Plan, permissions: UpdatePermissions): void {
  const effects = plan.changes.flatMap((change) => effectsOf({ ...change, does: change.effect }));
  const refused = effects.filter((effect) => !isAllowed(effect, permissions));
  if (refused.length > 0) {
    const messages = new Set(refused.map((effect) => describeEffect(effect, permissions)));
    throw new UserError([...messages, summarizeEffects(refused, permissions)].join("\n"));
  }
  if (plan.failure !== undefined) throw previewFailed(plan);
  for (const text of new Set([...plan.warnings, ...effects.map(({ subject, text }) => `${subject} ${text}`)])) {
    console.error(`${yellow("warning:", process.stderr)} ${text}`);
  }
}
