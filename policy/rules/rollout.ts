import { parseQuantity } from "../../catalog/quantity";
import { fewestPods } from "../inventory";
import type { Rules } from "../rule";

/** A pod that asks for more memory than this finds no node that was not made for it. */
const rareNodeMemory = "128Gi";

export const rolloutRules = {
  "rollouts-outlast-starts": {
    level: "mandatory",
    why: "A rollout whose deadline is no longer than one pod's start is called failed while it is only slow.",
    check: ({ deployments }, expect) => {
      for (const object of deployments) {
        const { progressDeadlineSeconds: deadline, minReadySeconds, template } = object.spec;
        const starts = template.spec.containers.map(({ startupProbe, readinessProbe }) =>
          startupProbe
            ? startupProbe.initialDelaySeconds + startupProbe.failureThreshold * startupProbe.periodSeconds
            : (readinessProbe?.initialDelaySeconds ?? 0),
        );
        const budget = Math.max(...starts) + minReadySeconds;
        const fix = `make it longer than the ${budget} s that a pod may take to start and stay ready`;
        expect(deadline > budget, object, "spec.progressDeadlineSeconds", deadline, fix);
      }
    },
  },

  "rollouts-keep-serving": {
    level: "mandatory",
    why: "A rollout that takes all pods of a workload at once stops what they do.",
    check: (inventory, expect) => {
      for (const object of inventory.deployments) {
        const { type, rollingUpdate } = object.spec.strategy;
        expect(type !== "Recreate", object, "spec.strategy.type", type, "set it to RollingUpdate");
        const pods = fewestPods(inventory, object);
        const { maxUnavailable } = rollingUpdate;
        const keepsSome = type === "Recreate" || pods <= 1 || share(maxUnavailable, pods) < pods;
        const path = "spec.strategy.rollingUpdate.maxUnavailable";
        expect(keepsSome, object, path, maxUnavailable, `keep some of its ${pods} pods`);
      }
    },
  },

  "rollouts-find-room": {
    // What nodes there are, the objects do not say.
    level: "advisory",
    why: "A rollout that adds a pod which no node has room for waits until its deadline, and fails.",
    check: ({ deployments }, expect) => {
      for (const object of deployments) {
        const { strategy, template } = object.spec;
        const memory = template.spec.containers.reduce(
          (sum, { resources }) => sum + (parseQuantity(resources.requests.memory ?? "") ?? 0),
          0,
        );
        const { maxSurge } = strategy.rollingUpdate;
        const isRare = memory > (parseQuantity(rareNodeMemory) ?? 0);
        const fix = `set it to 0: pods of over ${rareNodeMemory} have nodes made for them, and no spare one`;
        const findsRoom = !isRare || Number.parseFloat(String(maxSurge)) === 0;
        expect(findsRoom, object, "spec.strategy.rollingUpdate.maxSurge", maxSurge, fix);
      }
    },
  },
} satisfies Rules;

/** Returns a number of pods, or a share of them rounded down, as Kubernetes does with missing ones. */
function share(value: number | string, pods: number): number {
  return typeof value === "number" ? value : Math.floor((Number.parseFloat(value) / 100) * pods);
}
