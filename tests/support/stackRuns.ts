import type { ResourceTransformationArgs } from "@pulumi/pulumi";
import { type KubernetesObject, kubernetesObjects } from "../../commands/objects";
import { type ProgramRun, runProgram } from "../../commands/program";

/** What a stack's program does, and each resource with its options as it was about to be registered. */
export interface StackRun extends ProgramRun {
  readonly observed: readonly ResourceTransformationArgs[];
  readonly objects: readonly KubernetesObject[];
}

const runs = new Map<string, Promise<StackRun>>();

// One run after another: the engine's mocks are the process's own.
let last: Promise<unknown> = Promise.resolve();

/** Runs the program of a stack under mocks, once for all tests. */
export function stackRun(stack: string): Promise<StackRun> {
  const known = runs.get(stack);
  if (known) {
    return known;
  }
  const run = last.then(() => observedRun(stack));
  last = run;
  runs.set(stack, run);
  return run;
}

async function observedRun(stack: string): Promise<StackRun> {
  const observed: ResourceTransformationArgs[] = [];
  const run = await runProgram(stack, { observe: (resource) => observed.push(resource) });
  return { ...run, observed, objects: kubernetesObjects(run.resources) };
}
