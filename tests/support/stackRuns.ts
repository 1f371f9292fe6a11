import { plainObjects } from "../../cli/lib/objects";
import type { PlainObject } from "../../components/objects";
import type { Config } from "../../config/build";
import { stackConfig } from "./stackConfig";

/** What a stack's file specifies, and the objects that are built from it. */
export interface StackRun {
  readonly config: Config;
  readonly objects: readonly PlainObject[];
}

const runs = new Map<string, Promise<StackRun>>();

/** Builds the objects of a stack, once for all tests. */
export function stackRun(stack: string): Promise<StackRun> {
  const run = runs.get(stack) ?? built(stack);
  runs.set(stack, run);
  return run;
}

async function built(stack: string): Promise<StackRun> {
  const config = await stackConfig(stack);
  return { config, objects: plainObjects(config.datasetsServer) };
}
