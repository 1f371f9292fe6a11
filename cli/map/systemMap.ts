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
export function systemMap(args: DatasetsServerArgs, inventory = inventoryOf(args)): Drawing {
  const members = inventory.workloads.map((workload) => memberOf(inventory, workload));
  const balancers = loadBalancerGroups(inventory.ingresses).map(balancerOf);
  const claims = claimsOf(members);
  const letThrough = rulesOf(inventory.networkPolicies, members).flatMap((rule) =>
    waysOf(rule, { args, members, balancers }),
  );
  return {
    title: `stack ${args.scope.stack}, namespace ${args.scope.namespace}`,
    boxes: unique([
      ...balancers.flatMap(({ hosts, balancer }) => [...hosts, balancer]),
      ...podGroups.flatMap((group) => podsBox(group, members, inventory)),
      ...claims.boxes,
      ...letThrough.flatMap(({ box }) => box ?? []),
    ]),
    flows: merged([...balancers.flatMap(({ ways }) => ways), ...letThrough, ...claims.ways]),
  };
}

/** Returns the objects that the map of a stack is made from. */
export function inventoryOf(args: DatasetsServerArgs): Inventory {
  return takeInventory(plainObjects(args), factsOf(args));
}

/** Something that goes from one box to another; the ways between two boxes are one arrow. */
interface Way {
  readonly from: string;
  readonly to: string;
  /** The components that it is for; empty where it is for all of a box. */
  readonly only: string;
  readonly what: readonly string[];
  /** The box at one end that no other piece knows. */
  readonly box?: Box | undefined;
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
  const annotation = (name: string) => first && albAnnotation(first, name);
  const name = annotation("load-balancer-name") ?? "load balancer";
  const ports = (annotation("listen-ports") ?? "443").match(/\d+/g) ?? [];
  const names = [...new Set(groupRules(group).flatMap(({ host }) => host ?? []))];
  const lines = [`load balancer, ${annotation("scheme") ?? "internal"}`];
  const balancer: Box = { id: name, kind: "balancer", title: name, lines };
  const hosts = names.map((host): Box => ({ id: host, kind: "outside", title: host, lines: [] }));
  return { balancer, hosts, ways: names.map((host): Way => ({ from: host, to: name, only: "", what: ports })) };
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
function claimsOf(members: readonly Member[]): { readonly boxes: Box[]; readonly ways: Way[] } {
  const mounts = members.flatMap(({ workload, component, group }) =>
    workload.pod.volumes.flatMap(({ persistentVolumeClaim: claim }) =>
      claim ? [{ claim: claim.claimName, component, group }] : [],
    ),
  );
  const claims = [...new Set(mounts.map(({ claim }) => claim))];
  return {
    boxes: claims.map((claim) => ({ id: claim, kind: "data", title: claim, lines: ["volume"] })),
    ways: mounts.map(({ claim, component, group }) => ({ from: group, to: claim, only: "", what: [component] })),
  };
}

interface Known {
  readonly args: DatasetsServerArgs;
  readonly members: readonly Member[];
  readonly balancers: readonly Balancer[];
}

/** A box at one end of what a rule lets through, and the components in it, where not all of them are meant. */
interface End {
  readonly id: string;
  readonly only: readonly string[];
  readonly box?: Box;
}

/** What network policies let through for these pods: from the peers or to them. */
interface Rule {
  readonly direction: "from" | "to";
  readonly peers: readonly Peer[];
  readonly ports: readonly PolicyPort[];
  readonly pods: readonly Member[];
}

/** Rules that several policies have, each for pods of its own, as one. */
function rulesOf(policies: readonly NetworkPolicy[], members: readonly Member[]): Rule[] {
  const rules = new Map<string, Rule>();
  for (const { spec } of policies) {
    const ingress = spec.ingress.map(({ from, ports }) => ({ direction: "from" as const, peers: from, ports }));
    const egress = spec.egress.map(({ to, ports }) => ({ direction: "to" as const, peers: to, ports }));
    for (const rule of [...ingress, ...egress]) {
      const key = JSON.stringify(rule);
      const before = rules.get(key)?.pods ?? [];
      const pods = members.filter((one) => before.includes(one) || selects(spec.podSelector, one.workload.labels));
      rules.set(key, { ...rule, pods });
    }
  }
  return [...rules.values()];
}

function waysOf({ direction, peers, ports, pods }: Rule, known: Known): Way[] {
  const own = endsOf(pods, known.members);
  const others = endsOfPeers(peers, ports, direction, known);
  return direction === "from" ? waysBetween(others, own, ports) : waysBetween(own, others, ports);
}

function waysBetween(froms: readonly End[], tos: readonly End[], ports: readonly PolicyPort[]): Way[] {
  const what = ports.map(({ port, endPort }) => (endPort === undefined ? `${port}` : `${port}-${endPort}`));
  return froms.flatMap((from) =>
    tos.map((to) => {
      const only = [from.only, to.only].filter(({ length }) => length > 0).map((names) => names.join(", "));
      return { from: from.id, to: to.id, only: only.join(" to "), what, box: from.box ?? to.box };
    }),
  );
}

/** The boxes that hold these pods; one for all where these are all. */
function endsOf(selected: readonly Member[], members: readonly Member[]): End[] {
  if (selected.length === members.length) return [{ id: allPods, only: [] }];
  return podGroups.flatMap((group) => {
    const inGroup = selected.filter((member) => member.group === group);
    if (inGroup.length === 0) return [];
    const isWhole = inGroup.length === members.filter((member) => member.group === group).length;
    return [{ id: group, only: isWhole ? [] : inGroup.map(({ component }) => component) }];
  });
}

/** What is at the other end of a rule of a policy: its peers together. */
function endsOfPeers(
  peers: readonly Peer[],
  ports: readonly PolicyPort[],
  direction: "from" | "to",
  { args, members, balancers }: Known,
): End[] {
  const selectors = peers.flatMap(({ podSelector }) => podSelector ?? []);
  if (selectors.length > 0) {
    const selected = members.filter(({ workload }) => selectors.some((one) => selects(one, workload.labels)));
    return endsOf(selected, members);
  }
  const ranges = peers.flatMap(({ ipBlock }) => ipBlock?.cidr ?? []);
  // With pods as their targets, load balancers are the only ranges that may come in.
  if (direction === "from" && ranges.length > 0) return balancers.map(({ balancer: { id } }) => ({ id, only: [] }));
  const namespaces = peers.flatMap(({ namespaceSelector }) => Object.values(namespaceSelector?.matchLabels ?? {}));
  const lines = [...namespaces.map((name) => `namespace ${name}`), ...ranges];
  const box = peersBox(lines, ports, args);
  return [{ id: box.id, only: [], box }];
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

/** One flow for each pair of boxes, with a line of its own for what is for some components only. */
function merged(ways: readonly Way[]): Flow[] {
  const between = new Map<string, { from: string; to: string; whatOf: Map<string, string[]> }>();
  for (const { from, to, only, what } of ways) {
    const pair = JSON.stringify([from, to]);
    const { whatOf } = between.get(pair) ?? { whatOf: new Map<string, string[]>() };
    whatOf.set(only, [...(whatOf.get(only) ?? []), ...what]);
    between.set(pair, { from, to, whatOf });
  }
  return [...between.values()].map(({ from, to, whatOf }) => {
    const lines = [...whatOf].map(([only, what]) => {
      const all = [...new Set(what)].sort(byNumber).join(", ");
      return only === "" ? all : `${only}: ${all}`;
    });
    return { from, to, label: lines.join("\n") };
  });
}

const { compare: byNumber } = new Intl.Collator("en", { numeric: true });

function unique(boxes: readonly Box[]): Box[] {
  return [...new Map(boxes.map((box) => [box.id, box])).values()];
}
