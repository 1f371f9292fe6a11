import { placement } from "../../catalog/nodePools";
import { fewestPods } from "../inventory";
import { listed, type Rules } from "../rule";

export const placementRules = {
  "placements-agree": {
    level: "mandatory",
    why: "A pod without the toleration of the pool it selects waits forever, and one without the selector runs on others' nodes.",
    check: ({ workloads, facts: { nodePools = {} } }, expect) => {
      const pools = Object.values(nodePools).map((pool) => {
        const { nodeSelector = {}, tolerations = [] } = placement(pool);
        return { labels: Object.keys(nodeSelector), taints: tolerations.map(({ key }) => key) };
      });
      for (const { object, pod, path } of workloads) {
        const selected = Object.keys(pod.nodeSelector);
        const tolerated = pod.tolerations.map(({ key }) => key);
        const selectorPath = `${path}.spec.nodeSelector`;
        for (const label of selected) {
          const isKnown = pools.some(({ labels }) => labels.includes(label));
          expect(isKnown, object, selectorPath, label, `name one of ${Object.keys(nodePools).join(", ")}`);
        }
        const chosen = pools.filter(({ labels }) => labels.some((label) => selected.includes(label)));
        const needed = chosen.flatMap(({ taints }) => taints);
        for (const taint of needed) {
          const isTolerated = tolerated.includes(taint);
          expect(isTolerated, object, `${path}.spec.tolerations`, listed(tolerated), `tolerate ${taint}`);
        }
        for (const { labels, taints } of pools) {
          const isNeeded = taints.every((taint) => needed.includes(taint) || !tolerated.includes(taint));
          expect(isNeeded, object, selectorPath, listed(selected), `select ${labels.join(", ")}`);
        }
      }
    },
  },
  "pods-spread": {
    level: "mandatory",
    why: "Pods that share a node go down together with it.",
    check: (inventory, expect) => {
      for (const { object, pod, path } of inventory.workloads) {
        const keys = pod.topologySpreadConstraints.map(({ topologyKey }) => topologyKey);
        const isSpread = keys.includes("kubernetes.io/hostname") || pod.affinity.podAntiAffinity !== undefined;
        const fix = "add one with the topologyKey kubernetes.io/hostname";
        const isMet = isSpread || fewestPods(inventory, object) <= 1;
        expect(isMet, object, `${path}.spec.topologySpreadConstraints`, listed(keys), fix);
      }
    },
  },
} satisfies Rules;
