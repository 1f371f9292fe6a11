import type { DatasetsServerArgs } from "../../components/buildObjects";
import { type Inventory, takeInventory, type Workload } from "../../policy/inventory";
import { actionOf, albAnnotation, groupRules, loadBalancerGroups } from "../../policy/loadBalancer";
import { labelSelector, selects } from "../../policy/selectors";
import type { Ingress, NetworkPolicy, Peer, PolicyPort } from "../../policy/shapes";
import { factsOf } from "../../safety/rules";
import { plainObjects } from "../lib/objects";
import { allPods, type Box, type Drawing, type Flow } from "./drawing";

/** A workload and the box that its pods are in. */
interface Member {
  readonly workload: Workload;
  readonly component: string;
  readonly group: PodGroup;
}

const podGroups = ["web services", "worker pools", "scheduled jobs", "jobs that run once", "database"] as const;

type PodGroup = (typeof podGroups)[number];

/**
 * Draws up who talks to whom: hosts by their Ingresses, pods by the network policies, volumes by the pods' own claims. Numbers of
 * pods, images and resources are left out, so that an everyday change leaves the map as it is.
 */
export function systemMap(args: DatasetsServerArgs): Drawing {
  const inventory = takeInventory(plainObjects(args), factsOf(args));
  const members = inventory.workloads.map((workload) => memberOf(inventory, workload));
  const balancers = loadBalancerGroups(inventory.ingresses).map(balancerOf);
  const claims = claimsOf(members);
  const peers = inventory.networkPolicies.flatMap((policy) => flowsOf(policy, { args, members, balancers }));
  return {
    title: `stack ${args.scope.stack}, namespace ${args.scope.namespace}`,
    boxes: unique([
      ...balancers.flatMap(({ hosts, balancer }) => [...hosts, balancer]),
      ...podGroups.flatMap((group) => podsBox(group, members, inventory)),
      ...claims.boxes,
      ...peers.flatMap(({ box }) => box ?? []),
    ]),
    flows: merged([...balancers.flatMap(({ flows }) => flows), ...peers.map(({ flow }) => flow), ...claims.flows]),
  };
}

function memberOf({ services }: Inventory, workload: Workload): Member {
  const { object, labels } = workload;
  const component = object.metadata.labels["app.kubernetes.io/component"] ?? object.metadata.name;
  const isServed = services.some(({ spec }) => selects(labelSelector(spec.selector), labels));
  const groups: Readonly<Record<string, PodGroup>> = {
    CronJob: "scheduled jobs",
    Job: "jobs that run once",
    StatefulSet: "database",
  };
  return { workload, component, group: groups[object.kind] ?? (isServed ? "web services" : "worker pools") };
}

/** A load balancer, the hosts that it answers for, and who asks it. */
function balancerOf(group: readonly Ingress[]) {
  const [first] = group;
  const name = (first && albAnnotation(first, "load-balancer-name")) ?? "load balancer";
  const scheme = (first && albAnnotation(first, "scheme")) ?? "internal";
  const ports = [...(first ? (albAnnotation(first, "listen-ports") ?? "443") : "").matchAll(/\d+/g)].map(String);
  const names = [...new Set(groupRules(group).flatMap(({ host }) => host ?? []))];
  const balancer: Box = { id: name, kind: "balancer", title: name, lines: [`load balancer, ${scheme}`] };
  const hosts = names.map((host): Box => ({ id: host, kind: "outside", title: host, lines: [] }));
  return { group, balancer, hosts, flows: names.map((host) => ({ from: host, to: name, label: ports.join(", ") })) };
}

type Balancer = ReturnType<typeof balancerOf>;

function podsBox(group: PodGroup, members: readonly Member[], inventory: Inventory): Box[] {
  const lines = members
    .filter((member) => member.group === group)
    .map(({ workload, component }) => [component, ...pathsOf(workload, inventory)].join("  "));
  return lines.length > 0 ? [{ id: group, kind: group === "database" ? "data" : "pods", title: group, lines }] : [];
}

/** The paths at which the load balancers hand requests to a workload's pods. */
function pathsOf({ labels }: Workload, { services, ingresses }: Inventory): string[] {
  const names = services
    .filter(({ spec }) => selects(labelSelector(spec.selector), labels))
    .map((one) => one.metadata.name);
  const rules = groupRules(ingresses).filter(
    ({ backend }) => actionOf(backend) === undefined && names.includes(backend.service.name),
  );
  return [...new Set(rules.map(({ path }) => path))].sort();
}

/** The claims that pods mount, and which pods do. */
function claimsOf(members: readonly Member[]): { readonly boxes: Box[]; readonly flows: Flow[] } {
  const mounts = members.flatMap(({ workload, component, group }) =>
    workload.pod.volumes.flatMap(({ persistentVolumeClaim: claim }) =>
      claim ? [{ claim: claim.claimName, component, group }] : [],
    ),
  );
  const claims = [...new Set(mounts.map(({ claim }) => claim))];
  return {
    boxes: claims.map((claim) => ({ id: claim, kind: "data", title: claim, lines: ["volume"] })),
    flows: mounts.map(({ claim, component, group }) => ({ from: group, to: claim, label: component })),
  };
}

interface Known {
  readonly args: DatasetsServerArgs;
  readonly members: readonly Member[];
  readonly balancers: readonly Balancer[];
}

/** A flow that a policy lets through, and the box at its other end where no other piece knows it. */
interface LetThrough {
  readonly flow: Flow;
  readonly box?: Box;
}

function flowsOf({ spec }: NetworkPolicy, known: Known): LetThrough[] {
  const pods = endsOf(
    known.members.filter(({ workload }) => selects(spec.podSelector, workload.labels)),
    known.members,
  );
  return [
    ...spec.ingress.flatMap(({ from, ports }) =>
      endsOfPeers(from, ports, "from", known).flatMap(({ id, box }) =>
        pods.map((pod) => ({ flow: { from: id, to: pod, label: portsText(ports) }, ...(box && { box }) })),
      ),
    ),
    ...spec.egress.flatMap(({ to, ports }) =>
      endsOfPeers(to, ports, "to", known).flatMap(({ id, box }) =>
        pods.map((pod) => ({ flow: { from: pod, to: id, label: portsText(ports) }, ...(box && { box }) })),
      ),
    ),
  ];
}

/** The boxes that hold these pods; one for all where these are all. */
function endsOf(selected: readonly Member[], members: readonly Member[]): string[] {
  if (selected.length === members.length) return [allPods];
  return [...new Set(selected.map(({ group }) => group))];
}

/** What is at the other end of a rule of a policy: its peers together. */
function endsOfPeers(
  peers: readonly Peer[],
  ports: readonly PolicyPort[],
  direction: "from" | "to",
  { args, members, balancers }: Known,
): { readonly id: string; readonly box?: Box }[] {
  const selectors = peers.flatMap(({ podSelector }) => podSelector ?? []);
  if (selectors.length > 0) {
    const selected = members.filter(({ workload }) => selectors.some((one) => selects(one, workload.labels)));
    return endsOf(selected, members).map((id) => ({ id }));
  }
  const ranges = peers.flatMap(({ ipBlock }) => ipBlock?.cidr ?? []);
  // With pods as their targets, load balancers are the only ranges that may come in.
  if (direction === "from" && ranges.length > 0) return balancers.map(({ balancer: { id } }) => ({ id }));
  const namespaces = peers.flatMap(({ namespaceSelector }) => Object.values(namespaceSelector?.matchLabels ?? {}));
  const lines = [...namespaces.map((name) => `namespace ${name}`), ...ranges];
  const box = peersBox(lines, ports, args);
  return [{ id: box.id, box }];
}

/** The box of addresses and namespaces, by the name that people know them by where there is one. */
function peersBox(lines: readonly string[], ports: readonly PolicyPort[], args: DatasetsServerArgs): Box {
  const { mongo, prometheusNamespace } = args.network;
  const outside = (title: string, more = lines): Box => ({ id: title, kind: "outside", title, lines: more });
  const mongoPorts = mongo?.ports.map((port) => (typeof port === "number" ? port : port.port)) ?? [];
  if (ports.every(({ port }) => typeof port === "number" && mongoPorts.includes(port)))
    return { ...outside("MongoDB"), kind: "data" };
  if (lines.includes("0.0.0.0/0")) return outside("public addresses", hostsNamed(args));
  if (ports.some(({ port }) => port === 53)) return outside("DNS");
  if (lines.includes(`namespace ${prometheusNamespace}`)) return outside("Prometheus");
  return outside(lines.join(", "), []);
}

/** The hosts that the application's variables name. */
function hostsNamed({ variables, endpoints }: DatasetsServerArgs): string[] {
  const own = [endpoints.public.host, endpoints.internal?.host];
  const values = [...variables.values()].flatMap((group) => Object.values(group)).map(String);
  const hosts = values.filter((value) => /^https?:\/\//.test(value)).map((value) => new URL(value).host);
  const storage = values.includes("s3") ? ["Amazon S3"] : [];
  return [...new Set([...hosts.filter((host) => !own.includes(host)), ...storage])];
}

function portsText(ports: readonly PolicyPort[]): string {
  return [
    ...new Set(ports.map(({ port, endPort }) => (endPort === undefined ? `${port}` : `${port}-${endPort}`))),
  ].join(", ");
}

/** One flow for each pair of boxes, with what their labels say together. */
function merged(flows: readonly Flow[]): Flow[] {
  const labels = new Map<string, Flow>();
  for (const { from, to, label } of flows) {
    const key = JSON.stringify([from, to]);
    const before = labels.get(key)?.label.split(", ") ?? [];
    labels.set(key, { from, to, label: [...new Set([...before, ...label.split(", ")])].join(", ") });
  }
  return [...labels.values()];
}

function unique(boxes: readonly Box[]): Box[] {
  return [...new Map(boxes.map((box) => [box.id, box])).values()];
}
