import { nodePools } from "../../catalog/nodePools";
import { absent, fewestPods } from "../inventory";
import { finding, type Rule } from "../rule";

const selectorStart = "role-";

const taintStart = "huggingface.co/";

export const placementsAgree: Rule = {
  level: "mandatory",
  why: "A pod without the toleration of the pool it selects waits for ever, and one without the selector runs on others' nodes.",
  check: ({ workloads }) =>
    workloads.flatMap(({ object, template, specPath }) => {
      const { nodeSelector, tolerations } = template.spec;
      const selected = Object.keys(nodeSelector).filter((key) => key.startsWith(selectorStart));
      const pools = selected.map((key) => key.slice(selectorStart.length));
      const tolerated = tolerations.map(({ key }) => key).filter((key) => key.startsWith(taintStart));
      return [
        ...pools
          .filter((pool) => !nodePools.some((known) => known === pool))
          .map((pool) =>
            finding(object, `${specPath}.nodeSelector`, selectorStart + pool, `name one of ${nodePools.join(", ")}`),
          ),
        ...pools
          .filter((pool) => !tolerated.includes(taintStart + pool))
          .map((pool) =>
            finding(object, `${specPath}.tolerations`, tolerated.join(", ") || absent, `tolerate ${taintStart}${pool}`),
          ),
        ...tolerated
          .filter((key) => !pools.includes(key.slice(taintStart.length)))
          .map((key) => {
            const wanted = selectorStart + key.slice(taintStart.length);
            return finding(object, `${specPath}.nodeSelector`, selected.join(", ") || absent, `select ${wanted}`);
          }),
      ];
    }),
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
