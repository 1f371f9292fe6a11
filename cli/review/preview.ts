import type { EngineEvent } from "@pulumi/pulumi/automation";
import { errorText } from "../../cluster/userError";
import { plainly, stackOf } from "../lib/automation";
import type { Engine } from "../lib/engine";
import { type Plan, readPlan } from "./plan";

/** Previews a stack, configured by a file that is not its own where one is given. A preview that fails is a plan too. */
export async function previewStack(engine: Engine, stack: string, configFile?: string): Promise<Plan> {
  const pulumi = await stackOf(engine, stack);
  const events: EngineEvent[] = [];
  const options = { onEvent: (event: EngineEvent) => events.push(event), ...(configFile && { configFile }) };
  const ended = await pulumi.preview(options).then(
    () => undefined,
    (error: unknown) => errorText(plainly(error)),
  );
  return readPlan(stack, events, ended);
}
