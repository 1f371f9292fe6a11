import type { z } from "zod";
import { type FactTree, list, named } from "./facts";
import { ownName } from "./pods";
import { type AnyObject, type IngressPath, ingressSpec } from "./shapes";
import { componentOf, type Surroundings, servicePods } from "./surroundings";

/** One ingress of a load balancer. */
interface Member {
  readonly component: string;
  readonly name: string;
  readonly spec: z.infer<typeof ingressSpec>;
  /** By the key without its owner's domain. */
  readonly annotations: ReadonlyMap<string, string>;
}

/** A rule of a load balancer: the requests it matches and what becomes of them. */
interface Rule {
  readonly host: string;
  readonly match: string;
  readonly answer: string;
}

/** Annotations that are about the whole load balancer; its ingresses should agree on them. */
const shared = ["load-balancer-name", "scheme", "listen-ports", "certificate-arn", "ssl-redirect", "tags"] as const;

/** Annotations that say where a rule stands, and are seen in the order of the rules. */
const placing = ["group.name", "group.order", "ingress.class"];

/** What is true of each way in, as the AWS Load Balancer Controller reads its ingresses: one load balancer for each group. */
export function entranceFacts(objects: readonly AnyObject[], around: Surroundings): FactTree {
  const members = objects.filter(({ kind }) => kind === "Ingress").map(member);
  const groups = [...new Set(members.map(groupOf))];
  return named(
    groups.map((group): [string, FactTree] => [
      group.endsWith("-internal") ? "internal" : "public",
      loadBalancer(group, members.filter((one) => groupOf(one) === group).sort(byOrder), around),
    ]),
  );
}

function member(object: AnyObject): Member {
  return {
    component: componentOf(object),
    name: object.metadata.name,
    spec: ingressSpec.parse(object.spec),
    annotations: new Map(Object.entries(object.metadata.annotations).map(([key, value]) => [ownName(key), value])),
  };
}

function groupOf({ annotations, name }: Member): string {
  return annotations.get("group.name") ?? name;
}

/** The controller's order: by number, and by name where numbers are equal. */
function byOrder(one: Member, other: Member): number {
  const difference = orderOf(one) - orderOf(other);
  return difference === 0 ? (one.name < other.name ? -1 : 1) : difference;
}

function orderOf({ annotations }: Member): number {
  return Number(annotations.get("group.order") ?? 0);
}

function loadBalancer(group: string, members: readonly Member[], around: Surroundings): FactTree {
  const rules = members.flatMap((one) => rulesOf(one, around));
  const agreed = (read: (one: Member) => string | undefined) =>
    list(new Set(members.flatMap((one) => read(one) ?? []))) || undefined;
  return {
    group,
    class: agreed(({ spec, annotations }) => spec.ingressClassName ?? annotations.get("ingress.class")),
    classNamedBy: agreed(({ spec }) => (spec.ingressClassName ? "field" : "annotation")),
    ...Object.fromEntries(shared.map((key) => [key, agreed(({ annotations }) => readable(key, annotations.get(key)))])),
    order: list(rules.map(({ match }) => match)),
    rules: named(rules.map(({ match, host, answer }): [string, FactTree] => [match, { host, answer }])),
    targets: named(members.map((one): [string, FactTree] => [one.component, targetFacts(one)])),
  };
}

function readable(key: (typeof shared)[number], value: string | undefined): string | undefined {
  if (key !== "listen-ports" || value === undefined) {
    return value;
  }
  const listeners: Record<string, number>[] = JSON.parse(value);
  return list(listeners.flatMap((one) => Object.entries(one)).map((pair) => pair.join(" ")));
}

/** What is said of the pods behind one ingress, and of its host. */
function targetFacts({ spec, annotations }: Member): FactTree {
  const known = new Set<string>([...shared, ...placing]);
  const own = [...annotations].filter(([key]) => !known.has(key) && !key.startsWith("actions."));
  return { ...Object.fromEntries(own), tls: list(spec.tls.flatMap(({ hosts }) => hosts)) };
}

/** The rules of one ingress in the order they are tried: exact paths, of which one at most can match, then the longest prefix. */
function rulesOf(one: Member, around: Surroundings): Rule[] {
  return one.spec.rules.flatMap(({ host, http }) =>
    [...http.paths].sort(bySpecificity).map((path) => ({
      host,
      match: `${path.pathType} ${path.path}`,
      answer: answerOf(path, one, around),
    })),
  );
}

const ranks: Readonly<Record<IngressPath["pathType"], number>> = { Exact: 0, Prefix: 1, ImplementationSpecific: 2 };

function bySpecificity(one: IngressPath, other: IngressPath): number {
  const byRank = ranks[one.pathType] - ranks[other.pathType];
  if (byRank !== 0 || one.pathType === "ImplementationSpecific") {
    return byRank;
  }
  return one.pathType === "Exact" ? (one.path < other.path ? -1 : 1) : other.path.length - one.path.length;
}

/** Who answers: the pods that the backend's Service leads to, or the load balancer itself by an action. */
function answerOf({ backend }: IngressPath, { annotations, component }: Member, around: Surroundings): string {
  const { name, port } = backend.service;
  if (port.name !== "use-annotation") {
    return servicePods(name, port.name, around);
  }
  const action = annotations.get(`actions.${name}`);
  if (action === undefined) {
    throw new Error(`the ingress of ${component} names action ${name}, and has no annotation that says what it is`);
  }
  return JSON.stringify(canonical(JSON.parse(action)));
}

/** The controller reads keys whatever their case. */
function canonical(value: unknown): unknown {
  if (typeof value !== "object" || value === null) {
    return value;
  }
  const entries = Object.entries(value).map(([key, inner]) => [
    `${key.charAt(0).toLowerCase()}${key.slice(1)}`,
    canonical(inner),
  ]);
  return Object.fromEntries(entries.sort(([one], [other]) => (String(one) < String(other) ? -1 : 1)));
}
