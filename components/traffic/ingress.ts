import { metadata, objectName, type Scope } from "../../catalog/names";
import type { ActionName, Route } from "../../catalog/services";
import { type BuiltObject, built } from "../objects";

/** The AWS load balancer that the ingresses of one group share. */
export interface LoadBalancerArgs {
  /** At most 32 characters, unique in the account's region. */
  readonly name: string;
  readonly scheme: "internal" | "internet-facing";
  /** Ingresses of one group share one load balancer. */
  readonly group: string;
  /** The certificate for HTTPS; found by host name when absent. */
  readonly certificateArn?: string;
  /** Whether a request by HTTP is sent on to HTTPS. */
  readonly redirectHttp: boolean;
  readonly tags: Readonly<Record<string, string>>;
}

/** One way in: a host name and the load balancer that answers for it. */
export interface EndpointArgs {
  readonly host: string;
  readonly loadBalancer: LoadBalancerArgs;
  /** Whether external-dns is told of the host by annotation, in addition to the rules. */
  readonly externalDns: boolean;
  /** The first order of the stack's rules where several stacks share the group. Default: each service's own order. */
  readonly firstOrder?: number;
}

export interface IngressArgs {
  readonly scope: Scope;
  readonly component: string;
  /** The object's name, where a service has two ways in. */
  readonly name: string;
  readonly endpoint: EndpointArgs;
  /** The place of these rules in the group, lowest first. */
  readonly order: number;
  /** The first that matches counts, so exact paths come first. */
  readonly routes: readonly Route[];
  readonly healthPath: string;
  /** How long a client is sent to the same pod; seconds. Default: to any pod each time. */
  readonly stickySeconds?: number;
}

/** Answers that the load balancer gives by itself, in the AWS Load Balancer Controller's own JSON. */
const actions: Readonly<Record<ActionName, unknown>> = {
  "metrics-unauthorized": {
    type: "fixed-response",
    fixedResponseConfig: { contentType: "text/plain", statusCode: "401", messageBody: "401 Unauthorized" },
  },
  "openapi-redirect": {
    type: "redirect",
    redirectConfig: {
      host: "raw.githubusercontent.com",
      path: "/huggingface/dataset-viewer/main/docs/source/openapi.json",
      port: "443",
      protocol: "HTTPS",
      query: "#{query}",
      statusCode: "HTTP_302",
    },
  },
};

const prefix = "alb.ingress.kubernetes.io";

/** The annotations that say which load balancer an Ingress has, and what all its clients see of it. */
export const ingressAnnotations = {
  name: `${prefix}/load-balancer-name`,
  group: `${prefix}/group.name`,
  scheme: `${prefix}/scheme`,
  tags: `${prefix}/tags`,
  certificate: `${prefix}/certificate-arn`,
  redirect: `${prefix}/ssl-redirect`,
  externalDns: "external-dns.alpha.kubernetes.io/hostname",
} as const;

/** The rules of one service on its group's load balancer, which sends requests straight to pod addresses. */
export function ingress(args: IngressArgs): BuiltObject<"Ingress"> {
  const { scope, component, name, endpoint, routes } = args;
  return built("Ingress", {
    metadata: metadata(scope, component, { name, annotations: annotations(args) }),
    spec: {
      ingressClassName: "alb",
      tls: [{ hosts: [endpoint.host] }],
      rules: [{ host: endpoint.host, http: { paths: routes.map((route) => path(args, route)) } }],
    },
  });
}

function path({ scope, component }: IngressArgs, route: Route) {
  const service = route.action
    ? { name: route.action, port: { name: "use-annotation" } }
    : { name: objectName(scope, component), port: { name: "http" } };
  return { path: route.path, pathType: route.pathType, backend: { service } };
}

function annotations({ endpoint, order, routes, healthPath, stickySeconds }: IngressArgs): Record<string, string> {
  const { host, loadBalancer, externalDns } = endpoint;
  const used = routes.flatMap(({ action }) => (action ? [action] : []));
  return {
    // Ready when the load balancer has a name. The provider's own rule looks for a Service behind every path, and an
    // action is none.
    "pulumi.com/waitFor": "jsonpath={.status.loadBalancer.ingress[*].hostname}",
    [ingressAnnotations.name]: loadBalancer.name,
    [ingressAnnotations.scheme]: loadBalancer.scheme,
    [ingressAnnotations.group]: loadBalancer.group,
    [`${prefix}/group.order`]: String(order),
    [`${prefix}/listen-ports`]: JSON.stringify([{ HTTP: 80 }, { HTTPS: 443 }]),
    [`${prefix}/target-type`]: "ip",
    [`${prefix}/healthcheck-path`]: healthPath,
    [ingressAnnotations.tags]: Object.entries(loadBalancer.tags)
      .map(([key, value]) => `${key}=${value}`)
      .join(","),
    ...(loadBalancer.redirectHttp && { [ingressAnnotations.redirect]: "443" }),
    ...(loadBalancer.certificateArn && { [ingressAnnotations.certificate]: loadBalancer.certificateArn }),
    ...(externalDns && { [ingressAnnotations.externalDns]: host }),
    ...(stickySeconds && {
      [`${prefix}/target-group-attributes`]: `stickiness.enabled=true,stickiness.lb_cookie.duration_seconds=${stickySeconds}`,
    }),
    ...Object.fromEntries(used.map((action) => [`${prefix}/actions.${action}`, JSON.stringify(actions[action])])),
  };
}
