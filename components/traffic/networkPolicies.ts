import { isIP } from "node:net";
import type * as k8s from "@pulumi/kubernetes";
import { componentLabel, metadata, objectName, type Scope, stackLabels } from "../../catalog/names";
import { containerPort, mongoDbPort } from "../../catalog/ports";
import { type BuiltObject, built } from "../objects";

/** Who may reach the pods, and whom they may reach. */
export interface NetworkArgs {
  /** Subnets of the load balancers: with pods as targets, traffic comes from their addresses. */
  readonly loadBalancerCidrs: readonly string[];
  /** The namespace Prometheus runs in. */
  readonly prometheusNamespace: string;
  /** Where an external MongoDB is. Default: the stack has its own. */
  readonly mongo?: { readonly cidrs: readonly string[]; readonly ports: readonly PortArgs[] };
  /** Ranges beyond the public ones that pods may reach. */
  readonly egress: readonly EgressArgs[];
  /** Public ranges that the VPC uses inside: they do not count as public. */
  readonly internalCidrs: readonly string[];
  /** Whether pods get AWS credentials from EKS Pod Identity's agent. */
  readonly podIdentity: boolean;
}

/** A TCP port, or a range of them. */
type PortArgs = number | { readonly port: number; readonly endPort: number };

/** A range that pods may reach. */
export interface EgressArgs {
  /** Of IPv4 or IPv6. */
  readonly cidr: string;
  readonly ports: readonly PortArgs[];
  /** The components whose pods may. Default: all. */
  readonly from?: readonly string[];
}

export interface NetworkPoliciesArgs {
  readonly scope: Scope;
  readonly network: NetworkArgs;
  /** Components that the load balancers send requests to. */
  readonly webServices: readonly string[];
  /** Components that only Prometheus asks. */
  readonly workers: readonly string[];
  /** The URLs that components are given in the clear, which they may reach. */
  readonly urls: Readonly<Record<string, readonly string[]>>;
}

type PolicySpec = k8s.types.input.networking.v1.NetworkPolicySpec;

/** Addresses that are no public ones: the VPC's own, the node's, and its metadata service. */
const privateCidrs = [
  "10.0.0.0/8",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "169.254.0.0/16",
  "100.64.0.0/10",
  "127.0.0.0/8",
];

/** Where every pod may reach public addresses: HTTPS and HTTP. */
const publicPorts: readonly number[] = [443, 80];

/** Where the cluster's DNS is when each node has a cache of its own. */
const nodeLocalDns = "169.254.20.10/32";

/** Where EKS Pod Identity's agent answers. */
const podIdentityAgent = "169.254.170.23/32";

/** The objects that close the stack's pods to all but the flows that the system needs. */
export function networkPolicyObjects(args: NetworkPoliciesArgs): BuiltObject<"NetworkPolicy">[] {
  return Object.entries(networkPolicies(args)).map(([policy, spec]) =>
    built("NetworkPolicy", { metadata: metadata(args.scope, `network-${policy}`), spec }),
  );
}

/**
 * Every policy by name. They add up: the first closes every pod but for the ways out that all need, the others open
 * single flows.
 */
export function networkPolicies(args: NetworkPoliciesArgs): Readonly<Record<string, PolicySpec>> {
  const { scope, network, webServices, workers, urls } = args;
  const everyPod = { matchLabels: stackLabels(scope) };
  const publicAddresses = {
    ipBlock: { cidr: "0.0.0.0/0", except: [...privateCidrs, ...network.internalCidrs] },
  };
  const ownEgress = (component: string) => [
    ...network.egress.filter(({ from }) => from?.includes(component)).map(egressRule),
    ...urlRules(urls[component] ?? [], publicAddresses),
  ];
  return {
    "every-pod": {
      podSelector: everyPod,
      policyTypes: ["Ingress", "Egress"],
      egress: [
        { to: [namespace("kube-system"), block(nodeLocalDns)], ports: [udp(53), tcp(53)] },
        { to: [publicAddresses], ports: publicPorts.map(tcp) },
        ...(network.podIdentity ? [{ to: [block(podIdentityAgent)], ports: [tcp(80)] }] : []),
        network.mongo
          ? { to: network.mongo.cidrs.map(block), ports: network.mongo.ports.map(portRule) }
          : { to: [{ podSelector: pods(scope, ["mongodb"]) }], ports: [tcp(mongoDbPort)] },
        ...network.egress.filter(({ from }) => from === undefined).map(egressRule),
      ],
    },
    ...Object.fromEntries(
      [...new Set([...network.egress.flatMap(({ from = [] }) => from), ...Object.keys(urls)])]
        .map((component) => ({ component, egress: ownEgress(component) }))
        .filter(({ egress }) => egress.length > 0)
        .map(({ component, egress }) => [
          `egress-${component}`,
          { podSelector: pods(scope, [component]), policyTypes: ["Egress"], egress },
        ]),
    ),
    // Kubernetes takes no selector of one of no values.
    ...(webServices.length > 0 && {
      "web-services": {
        podSelector: pods(scope, webServices),
        policyTypes: ["Ingress"],
        ingress: [{ from: network.loadBalancerCidrs.map(block), ports: [tcp(containerPort)] }],
      },
    }),
    ...([...webServices, ...workers].length > 0 && {
      metrics: {
        podSelector: pods(scope, [...webServices, ...workers]),
        policyTypes: ["Ingress"],
        ingress: [{ from: [namespace(network.prometheusNamespace)], ports: [tcp(containerPort)] }],
      },
    }),
    ...(!network.mongo && {
      mongodb: {
        podSelector: pods(scope, ["mongodb"]),
        policyTypes: ["Ingress"],
        ingress: [{ from: [{ podSelector: everyPod }], ports: [tcp(mongoDbPort)] }],
      },
    }),
  };
}

function egressRule({ cidr, ports }: EgressArgs) {
  return { to: [block(cidr)], ports: ports.map(portRule) };
}

/**
 * Returns what opens the way to these URLs, each way once: a host that is an address on its port, and a name, which a policy cannot
 * hold, on another port than every pod may reach at public addresses.
 */
function urlRules(urls: readonly string[], publicAddresses: object) {
  const rules = urls.flatMap((text) => {
    const { protocol, port: given, hostname } = new URL(text);
    const port = given === "" ? (protocol === "https:" ? 443 : 80) : Number(given);
    const host = hostname.replace(/^\[|\]$/g, "");
    const ports = [tcp(port)];
    switch (isIP(host)) {
      case 4:
        return [{ to: [block(`${host}/32`)], ports }];
      case 6:
        return [{ to: [block(`${host}/128`)], ports }];
      default:
        return publicPorts.includes(port) ? [] : [{ to: [publicAddresses], ports }];
    }
  });
  return [...new Map(rules.map((rule) => [JSON.stringify(rule), rule])).values()];
}

function portRule(port: PortArgs) {
  return typeof port === "number" ? tcp(port) : { protocol: "TCP", ...port };
}

function pods(scope: Scope, components: readonly string[]) {
  // In one order, whatever that of a stack file's keys.
  const values = components.map((component) => objectName(scope, component)).sort();
  return {
    matchLabels: stackLabels(scope),
    matchExpressions: [{ key: componentLabel(scope), operator: "In", values }],
  };
}

function namespace(name: string) {
  return { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": name } } };
}

function block(cidr: string) {
  return { ipBlock: { cidr } };
}

function tcp(port: number) {
  return { protocol: "TCP", port };
}

function udp(port: number) {
  return { protocol: "UDP", port };
}
