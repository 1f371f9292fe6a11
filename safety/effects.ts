import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { parseQuantity } from "../catalog/quantity";
import type { ManagedKind } from "../components/objects";
import { ingressAnnotations } from "../components/traffic/ingress";

/** What an update does to one object. */
export interface ObjectChange {
  readonly does: "create" | "update" | "replace" | "delete";
  readonly kind: string;
  readonly name: string;
  /** The object's inputs, before the update and after it. */
  readonly before?: unknown;
  readonly after?: unknown;
}

/** What an effect may cost: data for good, requests and jobs for a while, or nothing that anyone waits for. */
export type Stake = "data" | "traffic" | "notice";

/** What an update asks of the person who runs it: nothing but to read, or to name what may be lost. */
export type Need = "told" | "allow";

/** What a stack's updates ask for each stake. What has no row in the tables below is free. */
export type Strictness = Readonly<Record<Stake, Need>>;

/** What a change means for traffic or data. */
export interface Effect {
  /** What is affected, as --allow names it: Service/datasets-server-prod-api, or LoadBalancer/datasets-server-prod. */
  readonly subject: string;
  readonly stake: Stake;
  readonly verb: "delete" | "change";
  /** What happens to the subject, as in `would be deleted: requests to its name fail`. */
  readonly text: string;
  /** What to do in its place, where no permission makes it work. */
  readonly way?: string;
}

/** The kinds whose deletion or replacement costs something, and what. */
const removals = {
  Namespace: [
    "data",
    "it stays on the cluster with all that is in it (retainOnDelete), and the stack no longer knows of it",
  ],
  Deployment: ["traffic", "its pods stop: no one answers its requests or works on its jobs until other pods are ready"],
  StatefulSet: ["traffic", "its pods stop: a database's clients wait for new ones. The volumes of its pods stay"],
  Service: [
    "traffic",
    "requests to its name fail, and load balancers lose its pods until they know those of a new one",
  ],
  Ingress: [
    "traffic",
    "its rules leave the load balancer; the last of a group takes the load balancer and its address along",
  ],
  Secret: ["traffic", "running pods go on, but none that starts can read it, one that crashed or was moved included"],
  PersistentVolumeClaim: ["data", "its volume is released; with reclaim policy Delete its files are deleted"],
  NetworkPolicy: ["traffic", "the connections that it lets through are closed"],
  CronJob: ["notice", "no run of it starts any more"],
} as const satisfies Readonly<Partial<Record<ManagedKind, readonly [Stake, string]>>>;

type RemovableKind = keyof typeof removals;

export function isRemovable(kind: string): kind is RemovableKind {
  return Object.hasOwn(removals, kind);
}

/** What no permission is asked for by its own name. */
const unnamed: readonly string[] = ["CronJob"] satisfies readonly RemovableKind[];

/** The kinds whose objects no strict update deletes or replaces unless it is allowed by name. */
export const protectedKinds = Object.keys(removals).filter((kind) => !unnamed.includes(kind));

/** What else --allow names. */
export const loadBalancerKind = "LoadBalancer";

/** A field whose change costs something, although the object is updated in place. */
interface FieldRow {
  readonly kind: ManagedKind;
  /** Where it is, and which of its changes are meant, where not all are. */
  readonly field: string;
  readonly stake: Stake;
  /** What happens then. */
  readonly cost: string;
  /** What the update would do, as in `would stop`; undefined where this change of the field is free. */
  readonly does: (before: Inputs, after: Inputs) => string | undefined;
  /** What --allow names. Default: the object. */
  readonly subject?: (before: Inputs) => string;
  readonly way?: string;
}

const texts = z.record(z.string(), z.string()).catch({});

const shape = z.object({
  metadata: z.object({ annotations: texts }).catch({ annotations: {} }),
  spec: z
    .looseObject({
      replicas: z.number().optional().catch(undefined),
      suspend: z.boolean().optional().catch(undefined),
      resources: z
        .object({ requests: z.object({ storage: z.string() }) })
        .optional()
        .catch(undefined),
      rules: z
        .array(
          z.object({
            host: z.string().default(""),
            http: z.object({ paths: z.array(z.object({ path: z.string().default("/") })) }),
          }),
        )
        .catch([]),
    })
    .catch({ rules: [] }),
});

type Inputs = z.infer<typeof shape>;

const oldAddress = "clients of the old address, such as a CDN's origin or a DNS record by hand, get no answer";

const absent = "none";

/**
 * Returns the row of an annotation of the load balancer: one thing for all its Ingresses.
 *
 * @param isFree whether a change costs nothing, by the old value. Default: none is free.
 */
function loadBalancerRow(annotation: string, cost: string, isFree = (_old: string) => false): FieldRow {
  const value = ({ metadata }: Inputs) => metadata.annotations[annotation] ?? absent;
  return {
    kind: "Ingress",
    field: `metadata.annotations["${annotation}"]`,
    stake: "traffic",
    cost,
    subject: loadBalancerOf,
    does: (before, after) => {
      const [old, now] = [value(before), value(after)];
      return old === now || isFree(old) ? undefined : `would change, as ${shortName(annotation)} ${old} becomes ${now}`;
    },
  };
}

function loadBalancerOf({ metadata }: Inputs): string {
  return `${loadBalancerKind}/${metadata.annotations[ingressAnnotations.name] ?? "unnamed"}`;
}

function hostsOf({ spec }: Inputs): string {
  return [...new Set(spec.rules.map(({ host }) => host))].join(", ");
}

function shortName(annotation: string): string {
  return annotation.slice(annotation.indexOf("/") + 1);
}

const anotherClaim =
  "a claim that differs has another name, and the data are copied into it. A PR environment can begin anew, without " +
  "its data: ds pr down N, then ds pr up N";

/** What a creation costs; that of any other kind is free. */
const opened = { kind: "Ingress", field: "created", stake: "notice", cost: "its paths are answered there" } as const;

/** What to do in the place of a replacement by an object of the same name, where that cannot end well. */
const sameName: Readonly<Partial<Record<RemovableKind, string>>> = {
  // Kubernetes keeps a claim while pods have it, and they would have the new one of that name.
  PersistentVolumeClaim: `put back what cannot change in place, such as its class; ${anotherClaim}`,
  // A dry run changes the old one in place, which the API server refuses.
  StatefulSet:
    "put back what cannot change in place. A PR environment can begin anew, without its data: ds pr down N, " +
    "then ds pr up N; stack local: ds down, then ds up",
};

const fieldRows: readonly FieldRow[] = [
  loadBalancerRow(ingressAnnotations.scheme, `AWS makes another one, with another address; ${oldAddress}`),
  loadBalancerRow(ingressAnnotations.name, `AWS makes another one, with another address; ${oldAddress}`),
  loadBalancerRow(ingressAnnotations.group, `the rules move to another group's, with another address; ${oldAddress}`),
  loadBalancerRow(
    ingressAnnotations.certificate,
    "HTTPS answers with another certificate; clients fail where it does not cover the host that they ask for",
  ),
  loadBalancerRow(
    ingressAnnotations.redirect,
    "requests by HTTP are sent on to HTTPS, or no longer are; a client that takes only one of both fails",
  ),
  loadBalancerRow(
    ingressAnnotations.externalDns,
    "external-dns removes the record of the old name and makes that of the new one, where there is one",
    // external-dns takes no name that another has.
    (old) => old === absent,
  ),
  {
    kind: "Ingress",
    field: "spec.rules[].host",
    stake: "traffic",
    cost: "requests for the old host, and pages that link to it, fail",
    subject: loadBalancerOf,
    does: (before, after) => {
      const [old, now] = [hostsOf(before), hostsOf(after)];
      return old === now ? undefined : `would answer for ${now}, and no longer for ${old}`;
    },
  },
  {
    kind: "Ingress",
    field: "spec.rules[].http.paths[].path",
    stake: "traffic",
    cost: "requests for a path that is gone get 404",
    does: (before, after) => {
      const pathsOf = ({ spec }: Inputs) => spec.rules.flatMap(({ http }) => http.paths.map(({ path }) => path));
      const gone = pathsOf(before).filter((path) => !pathsOf(after).includes(path));
      return gone.length > 0 ? `would lose ${gone.join(", ")}` : undefined;
    },
  },
  ...(["ingress", "egress"] as const).flatMap((direction): FieldRow[] => [
    {
      kind: "NetworkPolicy",
      field: `spec.${direction} lets less through`,
      stake: "traffic",
      cost: "connections that are no longer let through fail",
      does: (before, after) => would("close", flowsOnlyIn(before, after, direction)),
    },
    {
      kind: "NetworkPolicy",
      field: `spec.${direction} lets more through`,
      stake: "notice",
      cost: "more is let through",
      does: (before, after) => would("open", flowsOnlyIn(after, before, direction)),
    },
  ]),
  {
    kind: "Deployment",
    field: "spec.replicas becomes 0",
    stake: "traffic",
    cost: "no one answers its requests or works on its jobs",
    does: ({ spec: before }, { spec: after }) =>
      after.replicas === 0 && before.replicas !== 0 ? "would stop" : undefined,
  },
  {
    kind: "CronJob",
    field: "spec.suspend becomes true",
    stake: "notice",
    cost: "no run of it starts any more",
    does: ({ spec: before }, { spec: after }) => (after.suspend && !before.suspend ? "would be suspended" : undefined),
  },
  {
    kind: "PersistentVolumeClaim",
    field: "spec.resources.requests.storage grows",
    stake: "notice",
    cost: "it grows in place where its class lets it, and never shrinks again",
    does: (before, after) => {
      const [old, now] = [storageOf(before), storageOf(after)];
      return now.bytes > old.bytes ? `would grow from ${old.text} to ${now.text}` : undefined;
    },
  },
  {
    kind: "PersistentVolumeClaim",
    field: "spec.resources.requests.storage shrinks",
    stake: "data",
    cost: "no volume can shrink",
    does: (before, after) => {
      const [old, now] = [storageOf(before), storageOf(after)];
      return now.bytes < old.bytes ? `would shrink from ${old.text} to ${now.text}` : undefined;
    },
    way: `put its size back; ${anotherClaim}`,
  },
];

function would(verb: "close" | "open", flows: readonly string[]): string | undefined {
  return flows.length > 0 ? `would ${verb} ${flows.join("; ")}` : undefined;
}

/** Returns the connections that one network policy lets through and the other does not. */
function flowsOnlyIn(one: Inputs, other: Inputs, direction: "ingress" | "egress"): string[] {
  const others = flows(other.spec[direction], direction);
  return [...flows(one.spec[direction], direction)].filter((flow) => !others.has(flow));
}

const peers = z
  .array(z.looseObject({ ipBlock: z.object({ cidr: z.string(), except: z.array(z.string()).default([]) }).optional() }))
  .default([]);

const policyRules = z
  .array(
    z.object({
      from: peers,
      to: peers,
      ports: z
        .array(z.object({ protocol: z.string().default("TCP"), port: z.unknown(), endPort: z.unknown() }).partial())
        .default([{}]),
    }),
  )
  .default([]);

/** Returns each pair of a peer and a port as text, such as `10.12.0.0/16, TCP 8080`. */
function flows(rules: unknown, direction: "ingress" | "egress"): ReadonlySet<string> {
  const parsed = policyRules.parse(rules);
  return new Set(
    parsed.flatMap(({ from, to, ports }) => {
      const others = direction === "ingress" ? from : to;
      const names = others.length > 0 ? others.map(peerText) : ["anyone"];
      return names.flatMap((name) => ports.map((port) => `${name}, ${portText(port)}`));
    }),
  );
}

function peerText({ ipBlock, ...selectors }: z.infer<typeof peers>[number]): string {
  if (ipBlock === undefined) return JSON.stringify(selectors);
  return ipBlock.except.length > 0 ? `${ipBlock.cidr} but ${ipBlock.except.join(", ")}` : ipBlock.cidr;
}

function portText({ protocol = "TCP", port = "any port", endPort }: Readonly<Record<string, unknown>>): string {
  return `${protocol} ${port}${endPort === undefined ? "" : `-${endPort}`}`;
}

function storageOf({ spec }: Inputs): { readonly text: string; readonly bytes: number } {
  const text = spec.resources?.requests.storage ?? "0";
  return { text, bytes: parseQuantity(text) ?? 0 };
}

/** Returns what a change means for traffic or data; nothing for one that is free. */
export function effectsOf(change: ObjectChange): Effect[] {
  const { does, kind, name, before, after } = change;
  if (does === "update") {
    if (isDeepStrictEqual(before, after)) return [];
    const [old, now] = [shape.parse(before ?? {}), shape.parse(after ?? {})];
    return fieldRows
      .filter((row) => row.kind === kind)
      .flatMap(({ stake, cost, does, way, subject: of }) => {
        const said = does(old, now);
        const whose = of?.(old) ?? `${kind}/${name}`;
        return said === undefined
          ? []
          : [{ subject: whose, stake, verb: "change" as const, text: `${said}: ${cost}`, ...(way && { way }) }];
      });
  }
  if (does === "create") {
    const hosts = hostsOf(shape.parse(after ?? {}));
    const text = `would open a service to who reaches ${hosts}: ${opened.cost}`;
    return kind === opened.kind ? [{ subject: `${kind}/${name}`, stake: opened.stake, verb: "change", text }] : [];
  }
  if (!isRemovable(kind)) return [];
  const [stake, cost] = removals[kind];
  const gone = nameOf(before) ?? name;
  const again = does === "replace" ? ", and recreated unless this is a destroy" : "";
  const text = `would be deleted${again}: ${cost}`;
  const way = does === "replace" && gone === nameOf(after) ? sameName[kind] : undefined;
  return [{ subject: `${kind}/${gone}`, stake, verb: "delete", text, ...(way && { way }) }];
}

const named = z.looseObject({ metadata: z.looseObject({ name: z.string() }) });

/** Returns the name in the inputs of an object, if they have one. */
export function nameOf(inputs: unknown): string | undefined {
  return named.safeParse(inputs).data?.metadata.name;
}

/** Tells whether the update in place of an object of a kind may cost something. */
export function hasFieldEffects(kind: string): boolean {
  return fieldRows.some((row) => row.kind === kind);
}

/** What the tables say, for people to read: where something is, and what its change, or its deletion, costs. */
export function effectRows(): readonly Pick<FieldRow, "kind" | "field" | "stake" | "cost" | "way">[] {
  const kinds = Object.keys(removals).filter(isRemovable);
  return [
    ...kinds.map((kind) => ({ kind, field: "deleted or replaced", stake: removals[kind][0], cost: removals[kind][1] })),
    opened,
    ...fieldRows,
  ];
}
