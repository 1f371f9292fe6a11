import { parseQuantity } from "../../catalog/quantity";
import { autoscalerOf, fixedPods, type Inventory, type Workload } from "../inventory";
import type { Rules } from "../rule";

/** What a quota bounds by the sum over pods: the list of resources, and the name in it. */
const bounded: Readonly<Record<string, readonly ["requests" | "limits", "cpu" | "memory"]>> = {
  "requests.cpu": ["requests", "cpu"],
  "requests.memory": ["requests", "memory"],
  "limits.cpu": ["limits", "cpu"],
  "limits.memory": ["limits", "memory"],
};

export const quotaRules = {
  "quotas-hold-rollouts": {
    level: "mandatory",
    why: "A rollout whose added pods are over the namespace's quota waits for room that never comes.",
    check: (inventory, expect) => {
      for (const quota of inventory.quotas) {
        for (const [name, amount] of Object.entries(quota.spec.hard)) {
          const most = mostInQuota(inventory, name);
          const fix = `make it at least ${Number(most.toFixed(3))}, what all pods take while every Deployment rolls`;
          expect(most <= (parseQuantity(amount) ?? 0), quota, `spec.hard["${name}"]`, amount, fix);
        }
      }
    },
  },
} satisfies Rules;

/** Returns the most that all pods count in a quota, those that a rollout adds included. */
export function mostInQuota(inventory: Inventory, name: string): number {
  return sum(inventory.workloads.map((workload) => mostPods(inventory, workload) * inQuota(workload, name)));
}

/** Returns what one pod counts in a quota, such as requests.cpu; pods take no part in bounds of other things. */
export function inQuota({ pod }: Workload, name: string): number {
  const [list, resource] = bounded[name] ?? [];
  if (list === undefined || resource === undefined) {
    return name === "pods" ? 1 : 0;
  }
  const amounts = (containers: typeof pod.containers) =>
    containers.map(({ resources }) => parseQuantity(resources[list][resource] ?? "") ?? 0);
  // Those that run before the others are gone by then, so the bigger of the two sums counts.
  return Math.max(sum(amounts(pod.containers)), ...amounts(pod.initContainers));
}

/** Returns the most pods that a workload has at a time. */
function mostPods(inventory: Inventory, { object }: Workload): number {
  const pods = autoscalerOf(inventory, object)?.spec.maxReplicas ?? fixedPods(inventory, object);
  const surge = inventory.deployments.find((deployment) => deployment === object)?.spec.strategy.rollingUpdate.maxSurge;
  const added = typeof surge === "string" ? Math.ceil((Number.parseFloat(surge) / 100) * pods) : (surge ?? 0);
  return pods + added;
}

function sum(amounts: readonly number[]): number {
  return amounts.reduce((total, amount) => total + amount, 0);
}
