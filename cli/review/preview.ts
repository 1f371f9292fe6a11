import type { EngineEvent, PreviewOptions } from "@pulumi/pulumi/automation";
import { errorText } from "../../cluster/userError";
import { plainly, stackOf } from "../lib/automation";
import type { Engine } from "../lib/engine";
import { type Plan, readPlan } from "./plan";

/** Previews a stack, and returns what that says, also where it fails. What Pulumi prints goes nowhere by default. */
export async function previewStack(
  engine: Engine,
  stack: string,
  options: Pick<PreviewOptions, "color" | "configFile" | "diff" | "onError" | "onOutput"> = {},
): Promise<Plan> {
  const pulumi = await stackOf(engine, stack);
  const events: EngineEvent[] = [];
  const ended = await pulumi.preview({ ...options, onEvent: (event) => events.push(event) }).then(
    () => undefined,
    (error: unknown) => errorText(plainly(error)),
  );
  return readPlan(stack, events, ended);
}
