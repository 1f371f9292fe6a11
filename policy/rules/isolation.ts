import { policiesOf } from "../network";
import { finding, type Rule } from "../rule";

export const podsAreIsolated: Rule = {
  level: "mandatory",
  why: "A pod that no network policy selects is open to the whole cluster, and may reach all of it.",
  check: ({ workloads, networkPolicies, facts }) =>
    workloads.flatMap(({ object, template, specPath }) => {
      const pod = { namespace: facts.namespace, labels: template.metadata.labels };
      return (["Ingress", "Egress"] as const)
        .filter((direction) => policiesOf(networkPolicies, direction, pod).length === 0)
        .map((direction) => {
          const path = specPath.replace(/spec$/, "metadata.labels");
          return finding(object, path, pod.labels, `have a NetworkPolicy of type ${direction} select these labels`);
        });
    }),
};
