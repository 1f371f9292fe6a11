import { parseQuantity } from "../../catalog/quantity";
import { fewestPods } from "../inventory";
import { finding, type Rule } from "../rule";

export const rolloutsOutlastStarts: Rule = {
  level: "mandatory",
  why: "A rollout whose deadline is no longer than one pod's start is called failed while it is only slow.",
  check: ({ deployments }) =>
    deployments.flatMap((object) => {
      const { progressDeadlineSeconds, minReadySeconds, template } = object.spec;
      const starts = template.spec.containers.map(({ startupProbe, readinessProbe }) =>
        startupProbe
          ? startupProbe.initialDelaySeconds + startupProbe.failureThreshold * startupProbe.periodSeconds
          : (readinessProbe?.initialDelaySeconds ?? 0),
      );
      const budget = Math.max(...starts) + minReadySeconds;
      const cure = `make it longer than the ${budget} s that a pod may take to start and stay ready`;
      return progressDeadlineSeconds > budget
        ? []
        : [finding(object, "spec.progressDeadlineSeconds", progressDeadlineSeconds, cure)];
    }),
};

export const rolloutsKeepServing: Rule = {
  level: "mandatory",
  why: "A rollout that takes all pods of a workload at once stops what they do.",
  check: (inventory) =>
    inventory.deployments.flatMap((object) => {
      const { type, rollingUpdate } = object.spec.strategy;
      if (type === "Recreate") {
        return [finding(object, "spec.strategy.type", type, "set it to RollingUpdate")];
      }
      const pods = fewestPods(inventory, { object });
      const { maxUnavailable = 0 } = rollingUpdate ?? {};
      const path = "spec.strategy.rollingUpdate.maxUnavailable";
      return pods > 1 && share(maxUnavailable, pods) >= pods
        ? [finding(object, path, maxUnavailable, `keep some of its ${pods} pods`)]
        : [];
    }),
};

/** A pod that asks for more memory than this finds no node that was not made for it. */
const rareNodeMemory = "128Gi";

export const rolloutsFindRoom: Rule = {
  // What nodes there are, the objects do not say.
  level: "advisory",
  why: "A rollout that adds a pod which no node has room for waits until its deadline, and fails.",
  check: ({ deployments }) =>
    deployments.flatMap((object) => {
      const { strategy, template } = object.spec;
      const requests = template.spec.containers.map(
        ({ resources }) => parseQuantity(resources.requests.memory ?? "") ?? 0,
      );
      const isRare = requests.reduce((sum, bytes) => sum + bytes, 0) > (parseQuantity(rareNodeMemory) ?? 0);
      const { maxSurge = 0 } = strategy.rollingUpdate ?? {};
      const cure = `set it to 0: pods of over ${rareNodeMemory} have nodes made for them, and no spare one`;
      return isRare && Number.parseFloat(String(maxSurge)) > 0
        ? [finding(object, "spec.strategy.rollingUpdate.maxSurge", maxSurge, cure)]
        : [];
    }),
};

/** A number of pods, or a share of them rounded down, as Kubernetes does with missing ones. */
function share(value: number | string, pods: number): number {
  return typeof value === "number" ? value : Math.floor((Number.parseFloat(value) / 100) * pods);
}
