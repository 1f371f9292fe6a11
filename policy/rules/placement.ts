import { placement } from "../../catalog/nodePools";
import { absent, fewestPods } from "../inventory";
import { finding, type Rule } from "../rule";

export const placementsAgree: Rule = {
  level: "mandatory",
  why: "A pod without the toleration of the pool it selects waits for ever, and one without the selector runs on others' nodes.",
  check: ({ workloads, facts: { nodePools = {} } }) => {
    const pools = Object.values(nodePools).map((pool) => {
      const { nodeSelector = {}, tolerations = [] } = placement(pool);
      return { label: Object.keys(nodeSelector)[0] ?? "", taints: tolerations.map(({ key }) => key) };
    });
    return workloads.flatMap(({ object, template, specPath }) => {
      const selected = Object.keys(template.spec.nodeSelector);
      const tolerated = template.spec.tolerations.map(({ key }) => key);
      const selector = `${specPath}.nodeSelector`;
      const unknown = selected.filter((key) => !pools.some(({ label }) => label === key));
      return [
        ...unknown.map((key) => finding(object, selector, key, `name one of ${Object.keys(nodePools).join(", ")}`)),
        ...pools.flatMap(({ label, taints }) => {
          const isSelected = selected.includes(label);
          const missing = taints.filter((taint) => tolerated.includes(taint) !== isSelected);
          return missing.map((taint) =>
            isSelected
              ? finding(object, `${specPath}.tolerations`, tolerated.join(", ") || absent, `tolerate ${taint}`)
              : finding(object, selector, selected.join(", ") || absent, `select ${label}`),
          );
        }),
      ];
    });
  },
};

export const podsSpread: Rule = {
  level: "mandatory",
  why: "Pods that share a node go down together with it.",
  check: (inventory) =>
    inventory.workloads
      .filter((workload) => fewestPods(inventory, workload) > 1)
      .filter(({ template: { spec } }) => {
        const keys = spec.topologySpreadConstraints.map(({ topologyKey }) => topologyKey);
        return !keys.includes("kubernetes.io/hostname") && spec.affinity.podAntiAffinity === undefined;
      })
      .map(({ object, template, specPath }) => {
        const keys = template.spec.topologySpreadConstraints.map(({ topologyKey }) => topologyKey);
        const path = `${specPath}.topologySpreadConstraints`;
        return finding(object, path, keys.join(", ") || absent, "add one with the topologyKey kubernetes.io/hostname");
      }),
};
