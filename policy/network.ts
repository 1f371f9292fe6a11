import { BlockList, isIPv6 } from "node:net";
import { type Labels, selects } from "./selectors";
import type { NetworkPolicy, Peer, PolicyPort } from "./shapes";

export interface Port {
  readonly protocol: "TCP" | "UDP" | "SCTP";
  readonly number: number;
}

export const directions = ["Ingress", "Egress"] as const;

export type Direction = (typeof directions)[number];

/** Returns the policies that rule one direction of a pod's traffic; without any, that direction is open. */
export function policiesOf(
  policies: readonly NetworkPolicy[],
  direction: Direction,
  pod: { readonly namespace: string; readonly labels: Labels },
): NetworkPolicy[] {
  return policies.filter(
    ({ metadata, spec }) =>
      metadata.namespace === pod.namespace &&
      selects(spec.podSelector, pod.labels) &&
      closedBy(spec).includes(direction),
  );
}

/** Tells whether a peer of a policy is a range that holds an address. Throws for a range that is none. */
export function holdsAddress({ ipBlock }: Peer, address: string): boolean {
  return (
    ipBlock !== undefined && isWithin(address, ipBlock.cidr) && !ipBlock.except.some((cidr) => isWithin(address, cidr))
  );
}

/** Tells whether a port of a policy is this one. A port that goes by its name is a pod's, and has no number here. */
export function holdsPort({ protocol, port, endPort }: PolicyPort, { protocol: wanted, number }: Port): boolean {
  if (protocol !== wanted || typeof port === "string") {
    return false;
  }
  return port === undefined || (number >= port && number <= (endPort ?? port));
}

/** Returns the directions that a policy closes: those it lists, or else incoming traffic, and outgoing where it has rules for that. */
function closedBy({ policyTypes, egress }: NetworkPolicy["spec"]): readonly Direction[] {
  return policyTypes ?? (egress.length > 0 ? directions : ["Ingress"]);
}

const ranges = new Map<string, BlockList>();

/** Tells whether an address is in a range such as 10.12.0.0/16. Throws for a range that is none. */
export function isWithin(address: string, cidr: string): boolean {
  const [network = "", length] = cidr.split("/");
  const range = ranges.get(cidr) ?? new BlockList();
  if (!ranges.has(cidr)) {
    range.addSubnet(network, Number(length), family(network));
    ranges.set(cidr, range);
  }
  // A list of IPv4 ranges also knows those addresses in IPv6's way of writing them; Kubernetes does not.
  return family(address) === family(network) && range.check(address, family(address));
}

function family(address: string): "ipv4" | "ipv6" {
  return isIPv6(address) ? "ipv6" : "ipv4";
}
