import assert from "node:assert/strict";
import { z } from "zod";
import type { Engine } from "./engine";

const planned = z.object({ steps: z.array(z.object({ op: z.string(), urn: z.string() })) });

/** What a preview would do to which resources, as in `Deployment api`; what it would leave as it is, is left out. */
export type Plan = Readonly<Record<string, readonly string[]>>;

/**
 * Previews a stack. A hash at the end of a name is shown as `*`.
 *
 * @throws when the preview fails.
 */
export async function previewPlan(engine: Engine, ...flags: string[]): Promise<Plan> {
  const { code, stdout, stderr } = await engine.preview("--json", ...flags);
  assert.equal(code, 0, stdout + stderr);
  const plan: Record<string, string[]> = {};
  for (const { op, urn } of planned.parse(JSON.parse(stdout)).steps) {
    if (op === "same") continue;
    plan[op] = [...(plan[op] ?? []), resourceOf(urn)].sort();
  }
  return plan;
}

function resourceOf(urn: string): string {
  const [types = "", name = ""] = urn.split("::").slice(-2);
  return `${types.split(":").at(-1)} ${name.replace(/-[0-9a-f]{10}$/, "-*")}`;
}
