import { type Backend, type Ingress, ingressShape } from "./shapes";

/** What the annotations of AWS' load balancer controller start with. */
export const albPrefix = "alb.ingress.kubernetes.io/";

/** The port name that marks a backend as an action that an annotation declares, and not a Service. */
const actionPort = "use-annotation";

/**
 * The most that AWS lets one application load balancer have, by its default quotas; default rules do not count. From the AWS
 * documentation, "Quotas for your Application Load Balancers".
 */
export const loadBalancerLimits = {
  rules: { most: 100, words: "rules" },
  targetGroups: { most: 100, words: "target groups" },
  certificates: { most: 25, words: "certificates" },
} as const;

/** The most characters of a load balancer's name. From the AWS API reference, CreateLoadBalancer. */
export const longestLoadBalancerName = 32;

type Limited = keyof typeof loadBalancerLimits;

const limited: readonly Limited[] = ["rules", "targetGroups", "certificates"];

/** How many of what is limited a load balancer has. */
export type LoadBalancerUse = Readonly<Record<Limited, number>>;

/** One rule of a load balancer's listener: the first that matches a request decides. */
export interface ListenerRule {
  readonly ingress: Ingress;
  readonly host?: string;
  readonly path: string;
  readonly pathType: "Exact" | "Prefix" | "ImplementationSpecific";
  readonly backend: Backend;
  /** Where in the Ingress it is. */
  readonly place: string;
}

/** Returns the annotation of the load balancer's controller by its short name. */
export function albAnnotation(ingress: Ingress, name: string): string | undefined {
  return ingress.metadata.annotations[albPrefix + name];
}

/** Returns where in an Ingress that annotation is. */
export function albPath(name: string): string {
  return `metadata.annotations["${albPrefix}${name}"]`;
}

/** Reads the Ingresses among plain objects. Throws for one that is not of its kind's shape. */
export function readIngresses(objects: readonly { readonly kind: string }[]): Ingress[] {
  return objects
    .filter(({ kind }) => kind === "Ingress")
    .map((object) => ingressShape.parse(object, { jitless: true }));
}

/** Counts what the Ingresses of one group make the controller create on their load balancer. */
export function loadBalancerUse(group: readonly Ingress[]): LoadBalancerUse {
  const sum = (count: (ingress: Ingress) => number) => group.reduce((total, ingress) => total + count(ingress), 0);
  return {
    rules: sum((ingress) => paths(ingress) * listenersWithRules(ingress)),
    // A target group is one Ingress's: two that reach one Service have two.
    targetGroups: sum((ingress) => new Set(listenerRules(ingress).flatMap(targetOf)).size),
    // Where none is named, the controller looks for one for each host.
    certificates: new Set(
      group.flatMap((ingress) => albAnnotation(ingress, "certificate-arn")?.split(",") ?? hosts(ingress)),
    ).size,
  };
}

/** Returns what a load balancer has more of than it may, as in `110 rules, of at most 100`. */
export function overLimits(use: LoadBalancerUse): string[] {
  return limited
    .filter((name) => use[name] > loadBalancerLimits[name].most)
    .map((name) => `${use[name]} ${loadBalancerLimits[name].words}, of at most ${loadBalancerLimits[name].most}`);
}

/** Returns which share of the limit that it is closest to this use takes; over 1 where it is over that limit. */
export function shareOfLimits(use: LoadBalancerUse): number {
  return Math.max(...limited.map((name) => use[name] / loadBalancerLimits[name].most));
}

/** Returns how often this use fits on one load balancer, and the limit that it meets first, as in `100 rules`. */
export function timesThatFit(use: LoadBalancerUse): { readonly times: number; readonly limit: string } {
  return limited
    .map((name) => {
      const { most, words } = loadBalancerLimits[name];
      return { times: Math.floor(most / use[name]), limit: `${most} ${words}` };
    })
    .reduce((least, other) => (other.times < least.times ? other : least));
}

/** The paths that become rules: a default backend becomes a listener's default rule. */
function paths({ spec }: Ingress): number {
  return spec.rules.reduce((total, { http }) => total + http.paths.length, 0);
}

/** A listener that sends each request on to HTTPS does so by its default rule, and has no other. */
function listenersWithRules(ingress: Ingress): number {
  const listeners = albAnnotation(ingress, "listen-ports")?.match(/"HTTPS?"/g) ?? ['"HTTPS"'];
  const redirects = albAnnotation(ingress, "ssl-redirect") !== undefined;
  return listeners.filter((protocol) => !redirects || protocol === '"HTTPS"').length;
}

function targetOf({ backend }: ListenerRule): string[] {
  const { name, port } = backend.service;
  return actionOf(backend) === undefined ? [`${name}:${port.name ?? port.number}`] : [];
}

function hosts({ spec }: Ingress): string[] {
  return spec.rules.flatMap(({ host }) => host ?? []);
}

/** Returns the ingresses of each group; one without a group is alone on a load balancer of its own. */
export function loadBalancerGroups(ingresses: readonly Ingress[]): Ingress[][] {
  const groups = new Map<string, Ingress[]>();
  for (const ingress of ingresses) {
    const group = albAnnotation(ingress, "group.name") ?? `ungrouped ${ingress.metadata.name}`;
    groups.set(group, [...(groups.get(group) ?? []), ingress]);
  }
  return [...groups.values()];
}

/** Returns the names of the actions that an Ingress declares. */
export function declaredActions({ metadata }: Ingress): string[] {
  const start = `${albPrefix}actions.`;
  return Object.keys(metadata.annotations)
    .filter((key) => key.startsWith(start))
    .map((key) => key.slice(start.length));
}

/** Returns the name of the action that a backend stands for; undefined where it is a Service. */
export function actionOf({ service }: Backend): string | undefined {
  return service.port.name === actionPort ? service.name : undefined;
}

/** Returns every path of an Ingress, as the controller orders them: exact ones first, then the longest prefix. */
export function listenerRules(ingress: Ingress): ListenerRule[] {
  const { rules, defaultBackend } = ingress.spec;
  const ranks = { Exact: 0, Prefix: 1, ImplementationSpecific: 2 };
  const length = ({ path, pathType }: ListenerRule) => (pathType === "Prefix" ? path.length : 0);
  const ordered = rules.flatMap(({ host, http }, rule) =>
    http.paths
      .map((path, index) => ({
        ingress,
        ...path,
        ...(host && { host }),
        place: `spec.rules[${rule}].http.paths[${index}]`,
      }))
      .sort((a, b) => ranks[a.pathType] - ranks[b.pathType] || length(b) - length(a)),
  );
  const rest = { ingress, path: "/", pathType: "Prefix" as const, place: "spec.defaultBackend" };
  return defaultBackend ? [...ordered, { ...rest, backend: defaultBackend }] : ordered;
}

/** Returns all rules of one group in the order in which its load balancer tries them. */
export function groupRules(group: readonly Ingress[]): ListenerRule[] {
  const order = (ingress: Ingress) => Number(albAnnotation(ingress, "group.order") ?? 0);
  return [...group]
    .sort((a, b) => order(a) - order(b) || (a.metadata.name < b.metadata.name ? -1 : 1))
    .flatMap(listenerRules);
}

/** Tells whether a request for a path of a host meets a rule. */
export function meets(rule: ListenerRule, host: string, path: string): boolean {
  return (rule.host === undefined || rule.host === host) && matchesPath(rule, path);
}

function matchesPath({ path: pattern, pathType }: ListenerRule, path: string): boolean {
  switch (pathType) {
    case "Exact":
      return path === pattern;
    case "Prefix":
      return path === pattern || path.startsWith(pattern.endsWith("/") ? pattern : `${pattern}/`);
    case "ImplementationSpecific": {
      const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, "\\$&");
      return new RegExp(`^${escaped.replaceAll("*", ".*").replaceAll("?", ".")}$`).test(path);
    }
  }
}
