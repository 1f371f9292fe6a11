import type { Backend, Ingress } from "./shapes";

/** What the annotations of AWS' load balancer controller start with. */
export const albPrefix = "alb.ingress.kubernetes.io/";

/** The port name that marks a backend as an action that an annotation declares, and not a Service. */
const actionPort = "use-annotation";

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
