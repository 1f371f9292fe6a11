import { directions, holdsAddress, holdsPort, policiesOf } from "../network";
import { listed, type Rules } from "../rule";

/** Where a node of AWS answers with its own role's credentials. */
const metadataService = { address: "169.254.169.254", port: { protocol: "TCP", number: 80 } } as const;

export const isolationRules = {
  "pods-are-isolated": {
    level: "mandatory",
    why: "A pod that no network policy selects is open to the whole cluster, and may reach all of it.",
    check: ({ workloads, networkPolicies, facts }, expect) => {
      for (const { object, labels, path } of workloads) {
        for (const direction of directions) {
          const policies = policiesOf(networkPolicies, direction, { namespace: facts.namespace, labels });
          const fix = `have a NetworkPolicy of type ${direction} select these labels`;
          expect(policies.length > 0, object, `${path}.metadata.labels`, labels, fix);
        }
      }
    },
  },

  "metadata-is-out-of-reach": {
    level: "mandatory",
    why: "A pod that is talked into asking the metadata service gets the permissions of its node.",
    check: ({ networkPolicies }, expect) => {
      for (const object of networkPolicies) {
        for (const [index, { to, ports }] of object.spec.egress.entries()) {
          const isReached =
            (to.length === 0 || to.some((peer) => holdsAddress(peer, metadataService.address))) &&
            (ports.length === 0 || ports.some((port) => holdsPort(port, metadataService.port)));
          const ranges = to.length === 0 ? "anywhere" : listed(to.map(({ ipBlock }) => ipBlock?.cidr));
          expect(!isReached, object, `spec.egress[${index}].to`, ranges, "except 169.254.0.0/16");
        }
      }
    },
  },
} satisfies Rules;
