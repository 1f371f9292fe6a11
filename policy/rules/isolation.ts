import { mayFlow, policiesOf } from "../network";
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

const everything = { matchLabels: {}, matchExpressions: [] };

const egressOnly: "Egress"[] = ["Egress"];

/** Where a node of AWS answers with its own role's credentials. */
const metadataService = { kind: "address", address: "169.254.169.254" } as const;

export const metadataIsOutOfReach: Rule = {
  level: "mandatory",
  why: "A pod that is talked into asking the metadata service gets the rights of its node.",
  check: ({ networkPolicies, facts }) =>
    networkPolicies.flatMap((object) =>
      object.spec.egress.flatMap((wayOut, index) => {
        const alone = {
          ...object,
          spec: { podSelector: everything, policyTypes: egressOnly, ingress: [], egress: [wayOut] },
        };
        const pod = { kind: "pod", namespace: object.metadata.namespace ?? facts.namespace, labels: {} } as const;
        const from = { ...pod, address: "0.0.0.0" };
        const ranges = wayOut.to.flatMap(({ ipBlock }) => ipBlock?.cidr ?? []).join(", ");
        return mayFlow([alone], from, metadataService, { protocol: "TCP", number: 80 }).isOpen
          ? [finding(object, `spec.egress[${index}].to`, ranges || "anywhere", "except 169.254.0.0/16")]
          : [];
      }),
    ),
};
