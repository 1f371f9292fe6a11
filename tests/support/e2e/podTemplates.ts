import type { V1PodSpec } from "@kubernetes/client-node";
import { z } from "zod";
import { type KubernetesObject, stackObjects } from "../../../cli/lib/objects";

const template = z.object({
  spec: z.custom<V1PodSpec>((value) => z.object({ containers: z.array(z.unknown()) }).safeParse(value).success),
});

const job = z.object({ template });

const workload = z.union([
  z.object({ spec: job }),
  z.object({ spec: z.object({ jobTemplate: z.object({ spec: job }) }) }).transform(({ spec }) => spec.jobTemplate),
]);

/** What the pods of one workload are to be. */
export interface PodsOf {
  /** The stack and the workload, such as "prod Deployment datasets-server-prod-api". */
  readonly name: string;
  readonly spec: V1PodSpec;
}

/** The pods of every workload of stacks, as the program makes them. */
export async function podsOfStacks(stacks: readonly string[]): Promise<PodsOf[]> {
  const found: PodsOf[] = [];
  for (const stack of stacks) {
    // One after another: each is a run of the program in this process.
    for (const object of await stackObjects(stack)) {
      found.push(...podsOf(stack, object));
    }
  }
  return found;
}

function podsOf(stack: string, object: KubernetesObject): PodsOf[] {
  const { data } = workload.safeParse(object);
  if (data === undefined) {
    return [];
  }
  return [{ name: `${stack} ${object.kind} ${object.metadata.name}`, spec: data.spec.template.spec }];
}
