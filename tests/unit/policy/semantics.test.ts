import * as assert from "node:assert/strict";
import type { Port } from "../../../policy/network";
import { networkPolicyShape } from "../../../policy/shapes";
import { type AddressEndpoint, type Endpoint, mayFlow, type PodEndpoint } from "../../support/network";

const tcp = (number: number): Port => ({ protocol: "TCP", number });

const pod = (app: string, more: Partial<PodEndpoint> = {}): PodEndpoint => ({
  kind: "pod",
  namespace: "ours",
  labels: { app },
  address: "100.64.0.1",
  ...more,
});

const address = (text: string): AddressEndpoint => ({ kind: "address", address: text });

const web = pod("web", { ports: [{ name: "http", containerPort: 8080, protocol: "TCP" }] });
const client = pod("client");
const elsewhere = pod("client", { namespace: "theirs", namespaceLabels: { team: "theirs" } });

/** A policy for the pods of web, or for those its spec selects. */
function policy(spec: Readonly<Record<string, unknown>>) {
  const podSelector = { matchLabels: { app: "web" } };
  return networkPolicyShape.parse({
    kind: "NetworkPolicy",
    metadata: { name: "policy", namespace: "ours" },
    spec: { podSelector, ...spec },
  });
}

interface Case {
  readonly title: string;
  readonly spec: Readonly<Record<string, unknown>>;
  readonly from?: Endpoint;
  readonly to?: Endpoint;
  readonly port?: Port;
  readonly isOpen: boolean;
}

const closed = false;
const open = true;
const from = (...peers: readonly unknown[]) => ({ ingress: [{ from: peers }] });
const to = (...peers: readonly unknown[]) => ({ policyTypes: ["Egress"], egress: [{ to: peers }] });
const ports = (...list: readonly unknown[]) => ({ ingress: [{ ports: list }] });
const isIn = (...values: readonly string[]) =>
  from({ podSelector: { matchExpressions: [{ key: "app", operator: "In", values }] } });
const range = { ipBlock: { cidr: "10.0.0.0/8", except: ["10.1.0.0/16"] } };

const cases: readonly Case[] = [
  { title: "without rules closes incoming traffic", spec: {}, isOpen: closed },
  { title: "without rules leaves outgoing traffic open", spec: {}, from: web, to: client, isOpen: open },
  { title: "for other pods changes nothing", spec: { podSelector: { matchLabels: { app: "x" } } }, isOpen: open },
  { title: "with an empty selector is for every pod", spec: { podSelector: {} }, to: client, isOpen: closed },
  { title: "is for its own namespace only", spec: { podSelector: {} }, to: elsewhere, isOpen: open },
  { title: "with outgoing rules only closes incoming too", spec: { egress: [{}] }, isOpen: closed },
  { title: "of type Egress leaves incoming traffic open", spec: { policyTypes: ["Egress"] }, isOpen: open },
  { title: "of type Egress closes", spec: { policyTypes: ["Egress"] }, from: web, to: client, isOpen: closed },
  { title: "with an empty rule opens", spec: { ingress: [{}] }, isOpen: open },
  { title: "with an empty rule opens to addresses", spec: { ingress: [{}] }, from: address("9.9.9.9"), isOpen: open },
  { title: "opens to pods by label", spec: from({ podSelector: { matchLabels: { app: "client" } } }), isOpen: open },
  { title: "closes to other labels", spec: from({ podSelector: { matchLabels: { app: "x" } } }), isOpen: closed },
  { title: "means its own namespace's pods", spec: from({ podSelector: {} }), from: elsewhere, isOpen: closed },
  {
    title: "means no address by a selector",
    spec: from({ podSelector: {} }),
    from: address("1.1.1.1"),
    isOpen: closed,
  },
  { title: "knows In", spec: isIn("client", "x"), isOpen: open },
  { title: "knows what is not In", spec: isIn("x"), isOpen: closed },
  {
    title: "opens to namespaces by label",
    spec: from({ namespaceSelector: { matchLabels: { team: "theirs" } } }),
    from: elsewhere,
    isOpen: open,
  },
  { title: "opens to every namespace", spec: from({ namespaceSelector: {} }), from: elsewhere, isOpen: open },
  {
    title: "knows namespaces by the name that Kubernetes labels them with",
    spec: from({ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "ours" } } }),
    isOpen: open,
  },
  {
    title: "means both selectors of one peer",
    spec: from({ namespaceSelector: {}, podSelector: { matchLabels: { app: "x" } } }),
    from: elsewhere,
    isOpen: closed,
  },
  {
    title: "means either of two peers",
    spec: from({ podSelector: { matchLabels: { app: "x" } } }, { namespaceSelector: {} }),
    from: elsewhere,
    isOpen: open,
  },
  { title: "opens to a range", spec: from(range), from: address("10.2.0.1"), isOpen: open },
  { title: "closes to what a range excepts", spec: from(range), from: address("10.1.2.3"), isOpen: closed },
  { title: "closes to other addresses", spec: from(range), from: address("11.0.0.1"), isOpen: closed },
  {
    title: "opens to a pod with an address of a range",
    spec: from(range),
    from: pod("x", { address: "10.2.0.1" }),
    isOpen: open,
  },
  {
    title: "opens to IPv6",
    spec: from({ ipBlock: { cidr: "2001:db8::/32" } }),
    from: address("2001:db8::1"),
    isOpen: open,
  },
  {
    title: "means IPv4 by 0.0.0.0/0",
    spec: from({ ipBlock: { cidr: "0.0.0.0/0" } }),
    from: address("::ffff:9.9.9.9"),
    isOpen: closed,
  },
  { title: "opens the way out to a range", spec: to(range), from: web, to: address("10.2.0.1"), isOpen: open },
  { title: "closes the way out to the rest", spec: to(range), from: web, to: address("10.1.0.1"), isOpen: closed },
  { title: "opens a port", spec: ports({ port: 8080 }), isOpen: open },
  { title: "closes other ports", spec: ports({ port: 8081 }), isOpen: closed },
  {
    title: "means TCP by a port",
    spec: ports({ port: 8080 }),
    port: { protocol: "UDP", number: 8080 },
    isOpen: closed,
  },
  {
    title: "opens UDP",
    spec: ports({ protocol: "UDP", port: 53 }),
    port: { protocol: "UDP", number: 53 },
    isOpen: open,
  },
  { title: "opens every port of a protocol", spec: ports({ protocol: "TCP" }), isOpen: open },
  { title: "opens ports up to the last", spec: ports({ port: 8000, endPort: 8080 }), isOpen: open },
  { title: "closes ports after the last", spec: ports({ port: 8000, endPort: 8079 }), isOpen: closed },
  { title: "opens a port by the receiver's name for it", spec: ports({ port: "http" }), isOpen: open },
  { title: "closes a port by a name that the receiver lacks", spec: ports({ port: "metrics" }), isOpen: closed },
  { title: "closes a named port's other numbers", spec: ports({ port: "http" }), port: tcp(8081), isOpen: closed },
  {
    title: "knows a named port on the way out",
    spec: {
      policyTypes: ["Egress"],
      podSelector: { matchLabels: { app: "client" } },
      egress: [{ ports: [{ port: "http" }] }],
    },
    isOpen: open,
  },
  {
    title: "means peer and port of one rule together",
    spec: {
      ingress: [
        { from: [{ podSelector: {} }], ports: [{ port: 1 }] },
        { from: [range], ports: [{ port: 8080 }] },
      ],
    },
    isOpen: closed,
  },
];

describe("a network policy", () => {
  for (const { title, spec, from: sender = client, to: receiver = web, port = tcp(8080), isOpen } of cases) {
    it(title, () => assert.equal(mayFlow([policy(spec)], sender, receiver, port).isOpen, isOpen));
  }
});

describe("network policies", () => {
  const everything = policy({ podSelector: {}, policyTypes: ["Ingress", "Egress"] });

  it("add up", () => {
    const opener = policy({ podSelector: {}, policyTypes: ["Ingress", "Egress"], ingress: [{}], egress: [{}] });
    assert.equal(mayFlow([everything, opener], client, web, tcp(8080)).isOpen, open);
  });

  it("must open both ends", () => {
    const incoming = policy({ ingress: [{}] });
    assert.equal(mayFlow([everything, incoming], client, web, tcp(8080)).isOpen, closed);
    assert.equal(mayFlow([everything, incoming], elsewhere, web, tcp(8080)).isOpen, open);
  });

  it("that are none leave all open", () => assert.equal(mayFlow([], client, web, tcp(22)).isOpen, open));

  it("are named in the verdict", () => {
    const { reasons } = mayFlow([everything, policy({ ingress: [{}] })], client, web, tcp(8080));
    assert.deepEqual(reasons, ["egress: closed by policy", "ingress: opened by policy"]);
  });

  it("say nothing of traffic between addresses", () => {
    assert.equal(mayFlow([everything], address("1.1.1.1"), address("2.2.2.2"), tcp(80)).isOpen, open);
  });
});
