import { z } from "zod";
import { absent, type Inventory } from "../inventory";
import {
  actionOf,
  albAnnotation,
  albPrefix,
  declaredActions,
  groupRules,
  type ListenerRule,
  listenerRules,
  loadBalancerGroups,
  meets,
} from "../loadBalancer";
import { type Finding, finding, type Rule } from "../rule";
import { selects } from "../selectors";
import type { Ingress } from "../shapes";

export const ingressBackendsExist: Rule = {
  level: "mandatory",
  why: "A path to a Service, port or action that is not there answers 503, or stops the whole group's update.",
  check: ({ ingresses, services }) =>
    ingresses.flatMap(listenerRules).flatMap(({ ingress, backend, place }) => {
      const path = `${place}.backend.service`;
      const { name, port } = backend.service;
      const action = actionOf(backend);
      if (action !== undefined) {
        const actions = declaredActions(ingress);
        const cure = `declare the action by annotation ${albPrefix}actions.${action}, or name one of ${actions.join(", ") || "none"}`;
        return actions.includes(action) ? [] : [finding(ingress, `${path}.name`, action, cure)];
      }
      const service = services.find(({ metadata }) => metadata.name === name);
      if (service === undefined) {
        return [finding(ingress, `${path}.name`, name, "name a Service of the stack, or the port use-annotation")];
      }
      const known = service.spec.ports.map((known) => (port.name === undefined ? known.port : known.name));
      const wanted = port.name ?? port.number;
      const cure = `name a port of Service ${name}: ${known.join(", ")}`;
      return known.includes(wanted) ? [] : [finding(ingress, `${path}.port`, wanted ?? absent, cure)];
    }),
};

export const ingressActionsAreUsed: Rule = {
  level: "mandatory",
  why: "An action that no path uses is a path that lost its answer, such as the 401 in front of the metrics.",
  check: ({ ingresses }) =>
    ingresses.flatMap((ingress) => {
      const used = listenerRules(ingress).map(({ backend }) => actionOf(backend));
      return declaredActions(ingress)
        .filter((action) => !used.includes(action))
        .map((action) => {
          const cure = "point a path at it with the port use-annotation, or remove the annotation";
          return finding(ingress, `metadata.annotations["${albPrefix}actions.${action}"]`, action, cure);
        });
    }),
};

/**
 * Where the application is known to answer with its metrics, whether or not a monitor asks there, and which of its components
 * does where only one does.
 */
const applicationMetrics: Readonly<Record<string, string | undefined>> = {
  "/metrics": undefined,
  "/admin/metrics": "admin",
  "/sse/metrics": "sse-api",
};

const refusal = z.object({
  type: z.literal("fixed-response"),
  fixedResponseConfig: z.object({ statusCode: z.enum(["401", "403", "404"]) }),
});

export const metricsAreNotPublic: Rule = {
  level: "mandatory",
  why: "Metrics name datasets, queues and errors; the public has no business with them.",
  check: (inventory) => {
    const monitored = inventory.serviceMonitors.flatMap(({ spec }) => spec.endpoints.map(({ path }) => path));
    const paths = [...new Set([...Object.keys(applicationMetrics), ...monitored])];
    return [...loadBalancerGroups(inventory.ingresses).values()].flatMap((group) => {
      const rules = groupRules(group);
      const hosts = [...new Set(rules.map(({ host }) => host ?? "any host"))];
      return hosts
        .filter((host) => !inventory.facts.internalHosts.includes(host))
        .flatMap((host) => paths.flatMap((path) => openMetrics(inventory, rules, host, path)));
    });
  },
};

/** What lets a public request for a metrics path through to where metrics are. */
function openMetrics(inventory: Inventory, rules: readonly ListenerRule[], host: string, path: string): Finding[] {
  const rule = rules.find((candidate) => meets(candidate, host, path));
  if (rule === undefined || refuses(rule) || hasMetricsElsewhere(inventory, rule, path)) {
    return [];
  }
  const cure = `answer the exact path ${path} of ${host} with 401 in a rule that comes before this one`;
  return [finding(rule.ingress, rule.place, rule.path, cure)];
}

function refuses({ ingress, backend }: ListenerRule): boolean {
  const action = actionOf(backend);
  return action !== undefined && refusal.safeParse(parseJson(albAnnotation(ingress, `actions.${action}`))).success;
}

/** Whether the Service that would answer is known to have its metrics, and to have them at other paths than this. */
function hasMetricsElsewhere(
  { services, serviceMonitors }: Inventory,
  { backend }: ListenerRule,
  path: string,
): boolean {
  const service = services.find(({ metadata }) => metadata.name === backend.service.name);
  const endpoints = serviceMonitors
    .filter(({ spec }) => service !== undefined && selects(spec.selector, service.metadata.labels))
    .flatMap(({ spec }) => spec.endpoints);
  if (endpoints.length > 0) {
    return endpoints.every((endpoint) => endpoint.path !== path);
  }
  const component = service?.metadata.labels["app.kubernetes.io/component"];
  const owner = applicationMetrics[path];
  return component !== undefined && owner !== undefined && component !== owner;
}

function parseJson(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? "");
  } catch {
    return undefined;
  }
}

/** Annotations that are the load balancer's rather than the Ingress's, so that a group can have only one value. */
const shared = ["scheme", "load-balancer-name", "listen-ports", "certificate-arn", "ssl-redirect", "tags"];

export const loadBalancerGroupsAgree: Rule = {
  level: "mandatory",
  why: "One member that disagrees stops the controller from updating the load balancer of the whole group.",
  check: ({ ingresses }) => {
    const groups = [...loadBalancerGroups(ingresses)];
    return [
      ...groups.flatMap(([, [first, ...others]]) =>
        first ? others.flatMap((other) => disagreements(first, other)) : [],
      ),
      ...ingresses
        .filter((ingress) => albAnnotation(ingress, "group.name") === undefined)
        .map((ingress) =>
          annotationFinding(ingress, "group.name", "name its group, or it gets a load balancer of its own"),
        ),
      ...sharedNames(groups),
    ];
  },
};

export const groupOrdersDiffer: Rule = {
  level: "advisory",
  why: "Rules of equal order come in the order of their names, so that renaming one changes what it answers.",
  check: ({ ingresses }) =>
    [...loadBalancerGroups(ingresses).values()].flatMap((group) =>
      group.flatMap((ingress, index) => {
        const order = albAnnotation(ingress, "group.order");
        const before = group.slice(0, index).find((other) => albAnnotation(other, "group.order") === order);
        const cure = `choose another order than Ingress ${before?.metadata.name} has`;
        return before ? [annotationFinding(ingress, "group.order", cure)] : [];
      }),
    ),
};

function disagreements(first: Ingress, other: Ingress): Finding[] {
  return shared
    .filter((name) => albAnnotation(other, name) !== albAnnotation(first, name))
    .map((name) => {
      const wanted = albAnnotation(first, name);
      const cure = `agree with Ingress ${first.metadata.name} of the same group, where it is ${wanted ?? absent}`;
      return annotationFinding(other, name, cure);
    });
}

/** Two groups that ask for load balancers of the same name, of which an account's region has only one. */
function sharedNames(groups: readonly (readonly [string, readonly Ingress[]])[]): Finding[] {
  const members = groups.flatMap(([, [first]]) => first ?? []);
  return members.flatMap((ingress, index) => {
    const name = albAnnotation(ingress, "load-balancer-name");
    const before = members.slice(0, index).find((other) => albAnnotation(other, "load-balancer-name") === name);
    const cure = `choose another name than the group of Ingress ${before?.metadata.name} has`;
    return name !== undefined && before ? [annotationFinding(ingress, "load-balancer-name", cure)] : [];
  });
}

function annotationFinding(ingress: Ingress, name: string, cure: string): Finding {
  return finding(ingress, `metadata.annotations["${albPrefix}${name}"]`, albAnnotation(ingress, name) ?? absent, cure);
}
