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
  readonly mongo?: { readonly cidrs: readonly string[]; readonly port: number };
  /** Ranges beyond the public ones that pods may reach. */
  readonly egress: readonly EgressArgs[];
  /** Public ranges that the VPC uses inside: they do not count as public. */
  readonly internalCidrs: readonly string[];
  /** Whether pods get AWS credentials from EKS Pod Identity's agent. */
  readonly podIdentity: boolean;
}

/** A range that pods may reach. */
export interface EgressArgs {
  /** Of IPv4 or IPv6. */
  readonly cidr: string;
  readonly ports: readonly (number | { readonly port: number; readonly endPort: number })[];
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
  const { scope, network, webServices, workers } = args;
  const everyPod = { matchLabels: stackLabels(scope) };
  return {
    "every-pod": {
      podSelector: everyPod,
      policyTypes: ["Ingress", "Egress"],
      egress: [
        { to: [namespace("kube-system"), block(nodeLocalDns)], ports: [udp(53), tcp(53)] },
        {
          to: [{ ipBlock: { cidr: "0.0.0.0/0", except: [...privateCidrs, ...network.internalCidrs] } }],
          ports: [tcp(443), tcp(80)],
        },
        ...(network.podIdentity ? [{ to: [block(podIdentityAgent)], ports: [tcp(80)] }] : []),
        network.mongo
          ? { to: network.mongo.cidrs.map(block), ports: [tcp(network.mongo.port)] }
          : { to: [{ podSelector: pods(scope, ["mongodb"]) }], ports: [tcp(mongoDbPort)] },
        ...network.egress.filter(({ from }) => from === undefined).map(egressRule),
      ],
    },
    ...Object.fromEntries(
      [...new Set(network.egress.flatMap(({ from = [] }) => from))].map((component) => [
        `egress-${component}`,
        {
          podSelector: pods(scope, [component]),
          policyTypes: ["Egress"],
          egress: network.egress.filter(({ from }) => from?.includes(component)).map(egressRule),
        },
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
  return {
    to: [block(cidr)],
    ports: ports.map((port) => (typeof port === "number" ? tcp(port) : { protocol: "TCP", ...port })),
  };
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
