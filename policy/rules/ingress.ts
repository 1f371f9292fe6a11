import { z } from "zod";
import type { Inventory } from "../inventory";
import {
  actionOf,
  albAnnotation,
  albPath,
  albPrefix,
  declaredActions,
  groupRules,
  type ListenerRule,
  listenerRules,
  loadBalancerGroups,
  loadBalancerUse,
  longestLoadBalancerName,
  meets,
  overLimits,
} from "../loadBalancer";
import { type Expect, listed, type Rules, repeated } from "../rule";
import { selects } from "../selectors";

/** Annotations that are the load balancer's rather than the Ingress's, so that a group can have only one value. */
const shared = ["scheme", "load-balancer-name", "listen-ports", "certificate-arn", "ssl-redirect", "tags"];

/**
 * Where the application is known to answer with its metrics, whether or not a monitor asks there, and which of its components
 * does where only one does.
 */
const applicationMetrics: Readonly<Record<string, string | undefined>> = {
  "/metrics": undefined,
  "/admin/metrics": "admin",
  "/sse/metrics": "sse-api",
};

export const ingressRules = {
  "ingress-backends-exist": {
    level: "mandatory",
    why: "A path to a Service, port or action that is not there answers 503, or stops the whole group's update.",
    check: ({ ingresses, services }, expect) => {
      for (const { ingress, backend, place } of ingresses.flatMap(listenerRules)) {
        expectBackend(expect, { ingress, backend, path: `${place}.backend.service` }, services);
      }
    },
  },

  "ingress-actions-are-used": {
    level: "mandatory",
    why: "An action that no path uses is a path that lost its answer, such as the 401 in front of the metrics.",
    check: ({ ingresses }, expect) => {
      for (const ingress of ingresses) {
        const used = listenerRules(ingress).map(({ backend }) => actionOf(backend));
        for (const action of declaredActions(ingress)) {
          const fix = "point a path at it with the port use-annotation, or remove the annotation";
          expect(used.includes(action), ingress, albPath(`actions.${action}`), action, fix);
        }
      }
    },
  },

  "metrics-are-not-public": {
    level: "mandatory",
    why: "Metrics name datasets, queues and errors; the public has no business with them.",
    check: (inventory, expect) => {
      const monitored = inventory.serviceMonitors.flatMap(({ spec }) => spec.endpoints.map(({ path }) => path));
      const paths = new Set([...Object.keys(applicationMetrics), ...monitored]);
      for (const group of loadBalancerGroups(inventory.ingresses)) {
        const rules = groupRules(group);
        const hosts = new Set(rules.map(({ host }) => host ?? "any host"));
        for (const host of [...hosts].filter((name) => !inventory.facts.internalHosts.includes(name))) {
          for (const path of paths) {
            expectNoMetrics(expect, inventory, { rule: rules.find((rule) => meets(rule, host, path)), host, path });
          }
        }
      }
    },
  },

  "load-balancer-groups-agree": {
    level: "mandatory",
    why: "One member that disagrees stops the controller from updating the load balancer of the whole group.",
    check: ({ ingresses }, expect) => {
      const groups = loadBalancerGroups(ingresses);
      for (const [first, ...others] of groups) {
        for (const [other, name] of others.flatMap((one) => shared.map((annotation) => [one, annotation] as const))) {
          const value = albAnnotation(other, name);
          const wanted = first && albAnnotation(first, name);
          const fix = `agree with Ingress ${first?.metadata.name} of the same group, where it is ${wanted ?? "absent"}`;
          expect(value === wanted, other, albPath(name), value, fix);
        }
      }
      for (const ingress of ingresses) {
        const group = albAnnotation(ingress, "group.name");
        const fix = "name its group, or it gets a load balancer of its own";
        expect(group !== undefined, ingress, albPath("group.name"), group, fix);
      }
      // Of two groups that ask for load balancers of one name, an account's region has room for one.
      const named = groups.flatMap(([first]) => (first && albAnnotation(first, "load-balancer-name") ? [first] : []));
      for (const { item, before } of repeated(named, (ingress) => albAnnotation(ingress, "load-balancer-name"))) {
        const fix = `choose another name than the group of Ingress ${before.metadata.name} has`;
        const name = albAnnotation(item, "load-balancer-name");
        expect(false, item, albPath("load-balancer-name"), name, fix);
      }
    },
  },

  "load-balancers-keep-limits": {
    level: "mandatory",
    why: "AWS refuses what is over a load balancer's limit, and the controller then updates nothing of the whole group.",
    check: ({ ingresses }, expect) => {
      for (const group of loadBalancerGroups(ingresses)) {
        const fix = `put some of the group's Ingresses, ${group.length}, in another group`;
        for (const excess of overLimits(loadBalancerUse(group))) {
          for (const ingress of group.slice(0, 1)) expect(false, ingress, albPath("group.name"), excess, fix);
        }
      }
      for (const ingress of ingresses) {
        const name = albAnnotation(ingress, "load-balancer-name");
        const isShort = name === undefined || name.length <= longestLoadBalancerName;
        const fix = `choose a name of at most ${longestLoadBalancerName} characters`;
        expect(isShort, ingress, albPath("load-balancer-name"), name, fix);
      }
    },
  },

  "group-orders-differ": {
    level: "advisory",
    why: "Rules of equal order come in the order of their names, so that renaming one changes what it answers.",
    check: ({ ingresses }, expect) => {
      for (const group of loadBalancerGroups(ingresses)) {
        for (const { item, before } of repeated(group, (ingress) => albAnnotation(ingress, "group.order"))) {
          const fix = `choose another order than Ingress ${before.metadata.name} has`;
          expect(false, item, albPath("group.order"), albAnnotation(item, "group.order"), fix);
        }
      }
    },
  },
} satisfies Rules;

function expectBackend(
  expect: Expect,
  { ingress, backend, path }: Pick<ListenerRule, "ingress" | "backend"> & { readonly path: string },
  services: Inventory["services"],
): void {
  const { name, port } = backend.service;
  const action = actionOf(backend);
  if (action !== undefined) {
    const actions = declaredActions(ingress);
    const fix = `declare the action by annotation ${albPrefix}actions.${action}, or name one of ${listed(actions)}`;
    expect(actions.includes(action), ingress, `${path}.name`, action, fix);
    return;
  }
  const service = services.find(({ metadata }) => metadata.name === name);
  if (service === undefined) {
    expect(false, ingress, `${path}.name`, name, "name a Service of the stack, or the port use-annotation");
    return;
  }
  const known = service.spec.ports.map((other) => (port.name === undefined ? other.port : other.name));
  const wanted = port.name ?? port.number;
  const isKnown = wanted !== undefined && known.includes(wanted);
  expect(isKnown, ingress, `${path}.port`, wanted, `name a port of Service ${name}: ${listed(known)}`);
}

/** Expects that the rule which answers a public request for a metrics path, if there is one, lets it reach no metrics. */
function expectNoMetrics(
  expect: Expect,
  inventory: Inventory,
  { rule, host, path }: { readonly rule: ListenerRule | undefined; readonly host: string; readonly path: string },
): void {
  if (rule !== undefined) {
    const isClosed = isDenial(rule) || hasMetricsElsewhere(inventory, rule, path);
    const fix = `answer the exact path ${path} of ${host} with 401 in a rule that comes before this one`;
    expect(isClosed, rule.ingress, rule.place, rule.path, fix);
  }
}

const denial = z.object({
  type: z.literal("fixed-response"),
  fixedResponseConfig: z.object({ statusCode: z.enum(["401", "403", "404"]) }),
});

function isDenial({ ingress, backend }: ListenerRule): boolean {
  const action = actionOf(backend);
  return action !== undefined && denial.safeParse(parseJson(albAnnotation(ingress, `actions.${action}`))).success;
}

/** Tells whether the Service that would answer is known to have its metrics, and to have them at other paths than this. */
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
