import { holdsAddress, holdsPort, policiesOf } from "../network";
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

/** Where a node of AWS answers with its own role's credentials. */
const metadataService = { address: "169.254.169.254", port: { protocol: "TCP", number: 80 } } as const;

export const metadataIsOutOfReach: Rule = {
  level: "mandatory",
  why: "A pod that is talked into asking the metadata service gets the rights of its node.",
  check: ({ networkPolicies }) =>
    networkPolicies.flatMap((object) =>
      object.spec.egress.flatMap(({ to, ports }, index) => {
        const isReached =
          (to.length === 0 || to.some((peer) => holdsAddress(peer, metadataService.address))) &&
          (ports.length === 0 || ports.some((port) => holdsPort(port, metadataService.port)));
        const ranges = to.flatMap(({ ipBlock }) => ipBlock?.cidr ?? []).join(", ");
        return isReached
          ? [finding(object, `spec.egress[${index}].to`, ranges || "anywhere", "except 169.254.0.0/16")]
          : [];
      }),
    ),
};
