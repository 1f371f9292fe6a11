import { nodePools } from "../../catalog/nodePools";
import { fewestPods } from "../inventory";
import { listed, type Rules } from "../rule";

const selectorStart = "role-";

const taintStart = "huggingface.co/";

export const placementRules = {
  "placements-agree": {
    level: "mandatory",
    why: "A pod without the toleration of the pool it selects waits forever, and one without the selector runs on others' nodes.",
    check: ({ workloads }, expect) => {
      for (const { object, pod, path } of workloads) {
        const selected = Object.keys(pod.nodeSelector).filter((key) => key.startsWith(selectorStart));
        const pools = selected.map((key) => key.slice(selectorStart.length));
        const tolerated = pod.tolerations.map(({ key }) => key).filter((key) => key.startsWith(taintStart));
        const selectorPath = `${path}.spec.nodeSelector`;
        for (const pool of pools) {
          const isKnown = nodePools.some((known) => known === pool);
          expect(isKnown, object, selectorPath, selectorStart + pool, `name one of ${nodePools.join(", ")}`);
        }
        for (const taint of pools.map((pool) => taintStart + pool)) {
          const isTolerated = tolerated.includes(taint);
          expect(isTolerated, object, `${path}.spec.tolerations`, listed(tolerated), `tolerate ${taint}`);
        }
        for (const pool of tolerated.map((key) => key.slice(taintStart.length))) {
          expect(pools.includes(pool), object, selectorPath, listed(selected), `select ${selectorStart}${pool}`);
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
