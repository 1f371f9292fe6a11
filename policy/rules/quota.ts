import { parseQuantity } from "../../catalog/quantity";
import type { Inventory, Workload } from "../inventory";
import { finding, type Rule } from "../rule";

/** What a quota bounds by the sum over pods: the list of resources, and the name in it. */
const bounded: Readonly<Record<string, readonly ["requests" | "limits", "cpu" | "memory"]>> = {
  "requests.cpu": ["requests", "cpu"],
  "requests.memory": ["requests", "memory"],
  "limits.cpu": ["limits", "cpu"],
  "limits.memory": ["limits", "memory"],
};

export const quotasHoldRollouts: Rule = {
  level: "mandatory",
  why: "A rollout whose added pods are over the namespace's quota waits for room that never comes.",
  check: (inventory) =>
    inventory.quotas.flatMap((quota) =>
      Object.entries(quota.spec.hard).flatMap(([name, amount]) => {
        const most = sum(inventory.workloads, (workload) => mostPods(inventory, workload) * podAmount(workload, name));
        const cure = `make it at least ${Number(most.toFixed(3))}, what all pods take while every Deployment rolls`;
        return most <= (parseQuantity(amount) ?? 0) ? [] : [finding(quota, `spec.hard["${name}"]`, amount, cure)];
      }),
    ),
};

/** What one pod counts in a quota; pods take no part in bounds of other things. */
function podAmount({ template: { spec } }: Workload, name: string): number {
  const [list, resource] = bounded[name] ?? [];
  if (list === undefined || resource === undefined) {
    return name === "pods" ? 1 : 0;
  }
  const amounts = (containers: typeof spec.containers) =>
    containers.map(({ resources }) => parseQuantity(resources[list][resource] ?? "") ?? 0);
  // Those that run before the others are gone by then, so the bigger of the two sums counts.
  return Math.max(
    sum(amounts(spec.containers), (amount) => amount),
    ...amounts(spec.initContainers),
  );
}

/** The most pods that a workload has at a time. */
function mostPods({ deployments, statefulSets, autoscalers }: Inventory, { object }: Workload): number {
  const is = (other: { readonly kind: string; readonly metadata: { readonly name: string } }) =>
    other.kind === object.kind && other.metadata.name === object.metadata.name;
  const deployment = deployments.find(is);
  const scaled = autoscalers.find(({ spec }) => spec.scaleTargetRef.name === object.metadata.name);
  const replicas = scaled?.spec.maxReplicas ?? deployment?.spec.replicas ?? statefulSets.find(is)?.spec.replicas ?? 1;
  const surge = deployment?.spec.strategy.rollingUpdate?.maxSurge ?? 0;
  const added = typeof surge === "number" ? surge : Math.ceil((Number.parseFloat(surge) / 100) * replicas);
  return replicas + added;
}

function sum<Item>(items: readonly Item[], amount: (item: Item) => number): number {
  return items.reduce((total, item) => total + amount(item), 0);
}
