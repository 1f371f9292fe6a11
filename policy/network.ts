import { BlockList, isIPv6 } from "node:net";
import { type Labels, selects } from "./selectors";
import type { NetworkPolicy, Peer, PolicyPort } from "./shapes";

/** A pod that sends or receives. Its address counts too: a range in a policy lets in whatever has an address in it. */
export interface PodEndpoint {
  readonly kind: "pod";
  readonly namespace: string;
  /** Default: what Kubernetes labels every namespace with, its name. */
  readonly namespaceLabels?: Labels;
  readonly labels: Labels;
  readonly address: string;
  /** Its ports by name, for policies that name them. Default: none. */
  readonly ports?: readonly { readonly name: string; readonly containerPort: number; readonly protocol: string }[];
}

/** Anything else that has an address. */
export interface AddressEndpoint {
  readonly kind: "address";
  readonly address: string;
}

export type Endpoint = PodEndpoint | AddressEndpoint;

export interface Port {
  readonly protocol: "TCP" | "UDP" | "SCTP";
  readonly number: number;
}

/** Whether traffic may flow, and which policies decided it. */
export interface Verdict {
  readonly isOpen: boolean;
  /** Such as "ingress: closed by every-pod, web-services"; one for each end that is a pod with a policy. */
  readonly reasons: readonly string[];
}

type Direction = "Ingress" | "Egress";

interface PolicyRule {
  readonly peers: readonly Peer[];
  readonly ports: readonly PolicyPort[];
}

/**
 * Whether network policies let one end open a connection to a port of the other.
 *
 * Answers follow with the connection. Not covered, because no policy rules it: a node reaches its own pods, as kubelet's
 * probes do, and a pod reaches itself.
 */
export function mayFlow(policies: readonly NetworkPolicy[], from: Endpoint, to: Endpoint, port: Port): Verdict {
  const verdicts = [
    judge(policies, "Egress", { pod: from, other: to, port, receiver: to }),
    judge(policies, "Ingress", { pod: to, other: from, port, receiver: to }),
  ];
  return {
    isOpen: verdicts.every(({ isOpen }) => isOpen),
    reasons: verdicts.flatMap(({ reason }) => reason ?? []),
  };
}

/** Policies that rule one direction of a pod's traffic; without any, that direction is open. */
export function policiesOf(
  policies: readonly NetworkPolicy[],
  direction: Direction,
  pod: Pick<PodEndpoint, "namespace" | "labels">,
): NetworkPolicy[] {
  return policies.filter(
    ({ metadata, spec }) =>
      metadata.namespace === pod.namespace &&
      selects(spec.podSelector, pod.labels) &&
      directions({ spec }).includes(direction),
  );
}

interface Attempt {
  /** The end whose policies are asked. */
  readonly pod: Endpoint;
  readonly other: Endpoint;
  readonly port: Port;
  readonly receiver: Endpoint;
}

function judge(
  policies: readonly NetworkPolicy[],
  direction: Direction,
  { pod, other, port, receiver }: Attempt,
): { readonly isOpen: boolean; readonly reason?: string } {
  if (pod.kind === "address") {
    return { isOpen: true };
  }
  const asked = policiesOf(policies, direction, pod);
  if (asked.length === 0) {
    return { isOpen: true };
  }
  const opener = asked.find((policy) =>
    policyRules(policy, direction).some(
      ({ peers, ports }) =>
        (peers.length === 0 || peers.some((peer) => isPeer(peer, pod.namespace, other))) &&
        (ports.length === 0 || ports.some((allowed) => isPort(allowed, port, receiver))),
    ),
  );
  const names = (opener ? [opener] : asked).map(({ metadata }) => metadata.name).join(", ");
  const isOpen = opener !== undefined;
  return { isOpen, reason: `${direction.toLowerCase()}: ${isOpen ? "opened" : "closed"} by ${names}` };
}

/** Directions a policy closes: those it lists, or else incoming traffic, and outgoing where it has rules for that. */
function directions({ spec }: Pick<NetworkPolicy, "spec">): readonly Direction[] {
  return spec.policyTypes ?? (spec.egress.length > 0 ? ["Ingress", "Egress"] : ["Ingress"]);
}

function policyRules({ spec }: NetworkPolicy, direction: Direction): PolicyRule[] {
  return direction === "Ingress"
    ? spec.ingress.map(({ from, ports }) => ({ peers: from, ports }))
    : spec.egress.map(({ to, ports }) => ({ peers: to, ports }));
}

function isPeer({ podSelector, namespaceSelector, ipBlock }: Peer, namespace: string, other: Endpoint): boolean {
  if (ipBlock) {
    const isExcepted = ipBlock.except.some((cidr) => isWithin(other.address, cidr));
    return isWithin(other.address, ipBlock.cidr) && !isExcepted;
  }
  if (other.kind === "address") {
    return false;
  }
  const labels = other.namespaceLabels ?? { "kubernetes.io/metadata.name": other.namespace };
  const isThere = namespaceSelector ? selects(namespaceSelector, labels) : other.namespace === namespace;
  return isThere && (podSelector === undefined || selects(podSelector, other.labels));
}

function isPort({ protocol, port, endPort }: PolicyPort, wanted: Port, receiver: Endpoint): boolean {
  if (protocol !== wanted.protocol) {
    return false;
  }
  if (typeof port === "string") {
    const ports = receiver.kind === "pod" ? (receiver.ports ?? []) : [];
    return ports.some(
      ({ name, containerPort, protocol: own }) =>
        name === port && containerPort === wanted.number && own === wanted.protocol,
    );
  }
  return port === undefined || (wanted.number >= port && wanted.number <= (endPort ?? port));
}

const ranges = new Map<string, BlockList>();

/** Whether an address is in a range such as 10.12.0.0/16. Throws for a range that is none. */
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
