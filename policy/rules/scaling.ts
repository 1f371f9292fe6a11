import { autoscalerOf, fewestPods, type Inventory, objectId } from "../inventory";
import type { Rules } from "../rule";
import { selectorText, selects } from "../selectors";
import type { Selector } from "../shapes";

export const scalingRules = {
  "autoscalers-own-replicas": {
    level: "mandatory",
    why: "A workload with no number of pods gets 1, also one whose autoscaler then needs minutes to add the others.",
    check: (inventory, expect) => {
      const known = [...inventory.deployments, ...inventory.statefulSets].map(objectId);
      for (const object of inventory.autoscalers) {
        const { kind, name } = object.spec.scaleTargetRef;
        const target = `${kind} ${name}`;
        expect(known.includes(target), object, "spec.scaleTargetRef", target, "name a Deployment of the stack");
      }
      for (const object of inventory.deployments) {
        const { replicas } = object.spec;
        const fewest = autoscalerOf(inventory, object)?.spec.minReplicas;
        const fix =
          fewest === undefined
            ? "say how many: no autoscaler does, so it would be 1"
            : `begin with the autoscaler's fewest, ${fewest}`;
        expect(
          fewest === undefined ? replicas !== undefined : replicas === fewest,
          object,
          "spec.replicas",
          replicas,
          fix,
        );
      }
    },
  },

  "disruption-budgets-allow-eviction": {
    level: "mandatory",
    why: "A node whose pods may not be evicted cannot be drained, and a pod with two budgets cannot be evicted at all.",
    check: (inventory, expect) => {
      for (const [index, budget] of inventory.disruptionBudgets.entries()) {
        const { selector, maxUnavailable, minAvailable } = budget.spec;
        const selected = selectedBy(inventory, selector);
        const before = inventory.disruptionBudgets
          .slice(0, index)
          .find((other) => selectedBy(inventory, other.spec.selector).some((one) => selected.includes(one)));
        if (before) {
          const fix = `remove it: ${objectId(before)} is for the same pods`;
          expect(false, budget, "spec.selector", selectorText(selector), fix);
          continue;
        }
        const pods = selected.reduce((sum, { object }) => sum + fewestPods(inventory, object), 0);
        const [field, value] =
          maxUnavailable === undefined ? ["minAvailable", minAvailable] : ["maxUnavailable", maxUnavailable];
        const amount = atLeast(value ?? pods, pods);
        const allowed = field === "minAvailable" ? pods - amount : amount;
        const fix = `let at least one of its ${pods} pods go, as maxUnavailable: 1 does`;
        const isMet = allowed >= 1 || (pods === 0 && selected.length > 0);
        expect(isMet, budget, `spec.${field}`, value, fix);
      }
    },
  },

  "disruption-budgets-exist": {
    level: "mandatory",
    why: "Without a budget a drain of several nodes takes all pods of a workload at once.",
    check: (inventory, expect) => {
      const budgeted = inventory.disruptionBudgets.flatMap(({ spec }) => selectedBy(inventory, spec.selector));
      for (const workload of inventory.workloads) {
        const { object, selector } = workload;
        const pods = fewestPods(inventory, object);
        const fix = `have a PodDisruptionBudget select its ${pods} pods`;
        const isMet = pods <= 1 || budgeted.includes(workload);
        expect(isMet, object, "spec.selector", selector && selectorText(selector), fix);
      }
    },
  },

  "workers-take-every-difficulty": {
    // A pool may be left out on purpose, for a while.
    level: "advisory",
    why: "A job whose difficulty no worker pool takes waits forever, and its dataset has no result.",
    check: ({ deployments }, expect) => {
      const pools = deployments
        .map((object) => ({ object, min: difficulty(object, "MIN"), max: difficulty(object, "MAX") }))
        .filter(({ max }) => !Number.isNaN(max))
        .sort((a, b) => a.min - b.min);
      let reached = 0;
      for (const { object, min, max } of pools) {
        const fix = `begin at ${reached}, or add a pool: none takes jobs above ${reached} and up to ${min}`;
        expect(min <= reached, object, "env WORKER_DIFFICULTY_MIN", min, fix);
        reached = Math.max(reached, max);
      }
      const last = pools.find(({ max }) => max === reached);
      const fix = `go up to ${hardest}, or add a pool: none takes jobs above ${reached}`;
      if (last) expect(reached >= hardest, last.object, "env WORKER_DIFFICULTY_MAX", reached, fix);
    },
  },
} satisfies Rules;

/** The difficulty of the hardest jobs. */
const hardest = 100;

/** Returns a bound of the difficulties that a worker takes; NaN for what is no worker. */
function difficulty({ spec }: Inventory["deployments"][number], bound: "MIN" | "MAX"): number {
  const env = spec.template.spec.containers.flatMap((container) => container.env);
  return Number(env.find(({ name }) => name === `WORKER_DIFFICULTY_${bound}`)?.value ?? Number.NaN);
}

function selectedBy({ workloads }: Inventory, selector: Selector) {
  return workloads.filter(({ labels }) => selects(selector, labels));
}

/** Returns a number, or a share that Kubernetes rounds up. */
function atLeast(value: number | string, total: number): number {
  return typeof value === "number" ? value : Math.ceil((Number.parseFloat(value) / 100) * total);
}
