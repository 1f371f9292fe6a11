import { z } from "zod";
import { mostSeconds } from "../forecast/forecast";
import { effects, type Plan } from "./plan";

const pods = z.strictObject({ fewest: z.number(), most: z.number() });

/** What `ds review --json` prints: what the preview of a stack says. No value is in it. */
export const reviewedStack = z.strictObject({
  stack: z.string(),
  changes: z.array(
    z.strictObject({
      effect: z.enum(effects),
      kind: z.string(),
      name: z.string(),
      namespace: z.string().optional(),
      differs: z.array(z.string()).describe("properties, as Pulumi names them; empty for an object that comes or goes"),
      forcing: z.array(z.string()).describe("those among them that force a replacement"),
    }),
  ),
  unchanged: z.number().describe("how many resources stay as they are"),
  warnings: z.array(z.string()),
  forecast: z
    .strictObject({
      workloads: z
        .array(
          z.strictObject({
            kind: z.string(),
            name: z.string(),
            restarts: pods.describe("pods that end and get a successor; two numbers where an autoscaler decides"),
            ready: pods.describe("pods that are ready at any time, at least"),
            deadlineSeconds: z.number().describe("when its rollout has failed"),
          }),
        )
        .describe("those whose pods restart, or whose number of pods changes"),
      jobs: z.array(z.string()).describe("jobs that run now"),
      mostSeconds: z.number().describe("how long all of it takes at most"),
      addressesGone: z.array(z.string()).describe("addresses that clients cannot use any more"),
    })
    .optional()
    .describe("what it does to what runs; absent where the preview failed"),
  failure: z.array(z.string()).optional().describe("why the preview failed; absent where it did not"),
});

/** Returns plans for scripts. */
export function asJson(plans: readonly Plan[]): string {
  return JSON.stringify(plans.map(reviewed), undefined, 2);
}

function reviewed({ stack, changes, unchanged, warnings, forecast, failure }: Plan): z.infer<typeof reviewedStack> {
  return {
    stack,
    changes: changes.map(({ effect, kind, name, namespace, touched, forcing }) => ({
      effect,
      kind,
      name,
      ...(namespace !== undefined && { namespace }),
      differs: [...touched],
      forcing: [...forcing],
    })),
    unchanged,
    warnings: [...warnings],
    ...(forecast && {
      forecast: {
        workloads: forecast.workloads.map(({ kind, name, restarts, ready, deadlineSeconds }) => ({
          kind,
          name,
          restarts,
          ready,
          deadlineSeconds,
        })),
        jobs: forecast.jobs.map(({ name }) => name),
        mostSeconds: mostSeconds(forecast),
        addressesGone: [...forecast.addresses.gone],
      },
    }),
    ...(failure && { failure: [...failure] }),
  };
}
