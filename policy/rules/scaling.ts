import { absent, fewestPods, type Inventory, objectId, type Workload } from "../inventory";
import { type Finding, finding, type Rule } from "../rule";
import { selectorText, selects } from "../selectors";
import type { DisruptionBudget } from "../shapes";

export const autoscalersOwnReplicas: Rule = {
  level: "mandatory",
  why: "Where both an autoscaler and the program say how many pods there are, each deploy undoes the autoscaler's answer.",
  check: ({ autoscalers, deployments, statefulSets }) => {
    const targets = [...deployments, ...statefulSets];
    const scaled = autoscalers.map(({ spec }) => `${spec.scaleTargetRef.kind} ${spec.scaleTargetRef.name}`);
    const known = targets.map(objectId);
    return [
      ...autoscalers
        .filter((_, index) => !known.includes(scaled[index] ?? ""))
        .map((object) => {
          const { kind, name } = object.spec.scaleTargetRef;
          return finding(object, "spec.scaleTargetRef", `${kind} ${name}`, "name a Deployment of the stack");
        }),
      ...deployments
        // An API server fills it in.
        .filter(({ metadata }) => metadata.uid === undefined)
        .filter((object) => scaled.includes(objectId(object)) && object.spec.replicas !== undefined)
        .map((object) =>
          finding(object, "spec.replicas", object.spec.replicas, "leave it out: an autoscaler decides it"),
        ),
      ...deployments
        .filter((object) => !scaled.includes(objectId(object)) && object.spec.replicas === undefined)
        .map((object) =>
          finding(object, "spec.replicas", absent, "say how many: no autoscaler does, so it would be 1"),
        ),
    ];
  },
};

export const disruptionBudgetsAllowEviction: Rule = {
  level: "mandatory",
  why: "A node whose pods may not be evicted cannot be drained, and a pod with two budgets cannot be evicted at all.",
  check: (inventory) =>
    inventory.disruptionBudgets.flatMap((budget, index) => {
      const workloads = budgeted(inventory, budget);
      const before = inventory.disruptionBudgets
        .slice(0, index)
        .find((other) => budgeted(inventory, other).some((workload) => workloads.includes(workload)));
      if (before) {
        const cure = `remove it: ${objectId(before)} is for the same pods`;
        return [finding(budget, "spec.selector", selectorText(budget.spec.selector), cure)];
      }
      return evictions(inventory, budget, workloads);
    }),
};

export const disruptionBudgetsExist: Rule = {
  level: "mandatory",
  why: "Without a budget a drain of several nodes takes all pods of a workload at once.",
  check: (inventory) =>
    inventory.workloads
      .filter((workload) => fewestPods(inventory, workload) > 1)
      .filter(
        (workload) => !inventory.disruptionBudgets.some((budget) => budgeted(inventory, budget).includes(workload)),
      )
      .map((workload) => {
        const cure = `have a PodDisruptionBudget select its ${fewestPods(inventory, workload)} pods`;
        return finding(
          workload.object,
          "spec.selector",
          workload.selector ? selectorText(workload.selector) : absent,
          cure,
        );
      }),
};

function budgeted({ workloads }: Inventory, { spec }: DisruptionBudget): Workload[] {
  return workloads.filter(({ template }) => selects(spec.selector, template.metadata.labels));
}

function evictions(inventory: Inventory, budget: DisruptionBudget, workloads: readonly Workload[]): Finding[] {
  const { maxUnavailable, minAvailable } = budget.spec;
  const pods = workloads.reduce((sum, workload) => sum + fewestPods(inventory, workload), 0);
  const allowed =
    maxUnavailable === undefined ? pods - amount(minAvailable ?? pods, pods) : amount(maxUnavailable, pods);
  if (allowed >= 1 || (pods === 0 && workloads.length > 0)) {
    return [];
  }
  const [path, value] =
    maxUnavailable === undefined ? ["spec.minAvailable", minAvailable] : ["spec.maxUnavailable", maxUnavailable];
  return [finding(budget, path, value ?? absent, `let at least one of its ${pods} pods go, as maxUnavailable: 1 does`)];
}

/** A number, or a share that Kubernetes rounds up. */
function amount(value: number | string, total: number): number {
  return typeof value === "number" ? value : Math.ceil((Number.parseFloat(value) / 100) * total);
}
