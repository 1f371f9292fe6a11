import { type Direction, holdsAddress, holdsPort, type Port, policiesOf } from "../../policy/network";
import { type Labels, selects } from "../../policy/selectors";
import type { NetworkPolicy, Peer, PolicyPort } from "../../policy/shapes";

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

/** Whether traffic may flow, and which policies decided it. */
export interface Verdict {
  readonly isOpen: boolean;
  /** Such as "ingress: closed by every-pod, web-services"; one for each end that is a pod with a policy. */
  readonly reasons: readonly string[];
}

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

function policyRules({ spec }: NetworkPolicy, direction: Direction): PolicyRule[] {
  return direction === "Ingress"
    ? spec.ingress.map(({ from, ports }) => ({ peers: from, ports }))
    : spec.egress.map(({ to, ports }) => ({ peers: to, ports }));
}

function isPeer(peer: Peer, namespace: string, other: Endpoint): boolean {
  const { podSelector, namespaceSelector, ipBlock } = peer;
  if (ipBlock) {
    return holdsAddress(peer, other.address);
  }
  if (other.kind === "address") {
    return false;
  }
  const labels = other.namespaceLabels ?? { "kubernetes.io/metadata.name": other.namespace };
  const isThere = namespaceSelector ? selects(namespaceSelector, labels) : other.namespace === namespace;
  return isThere && (podSelector === undefined || selects(podSelector, other.labels));
}

function isPort(allowed: PolicyPort, wanted: Port, receiver: Endpoint): boolean {
  const named = receiver.kind === "pod" ? (receiver.ports ?? []) : [];
  const isNamed = named.some(
    ({ name, containerPort, protocol }) =>
      name === allowed.port && protocol === allowed.protocol && holdsPort({ protocol, port: containerPort }, wanted),
  );
  return isNamed || holdsPort(allowed, wanted);
}
