import type * as k8s from "@pulumi/kubernetes";
import { metadata, objectName, type Scope } from "./names";
import type { ActionName, Route } from "./services";

/** The AWS load balancer that the ingresses of one group share. */
export interface LoadBalancerArgs {
  /** At most 32 characters, unique in the account's region. */
  readonly name: string;
  readonly scheme: "internal" | "internet-facing";
  /** Ingresses of one group share one load balancer. */
  readonly group: string;
  /** The certificate for HTTPS; found by host name when absent. */
  readonly certificateArn?: string;
  readonly tags: Readonly<Record<string, string>>;
}

export interface IngressArgs {
  readonly scope: Scope;
  readonly component: string;
  readonly host: string;
  readonly loadBalancer: LoadBalancerArgs;
  /** The place of these rules in the group, lowest first. */
  readonly order: number;
  readonly routes: readonly Route[];
  readonly healthPath: string;
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

/** Public rules of one service on its group's load balancer, which sends requests straight to pod addresses. */
export function ingress(args: IngressArgs) {
  return {
    metadata: metadata(args.scope, args.component, { annotations: annotations(args) }),
    spec: {
      ingressClassName: "alb",
      tls: [{ hosts: [args.host] }],
      rules: [{ host: args.host, http: { paths: args.routes.map((route) => path(args, route)) } }],
    },
  } satisfies k8s.networking.v1.IngressArgs;
}

function path({ scope, component }: IngressArgs, route: Route) {
  const service = route.action
    ? { name: route.action, port: { name: "use-annotation" } }
    : { name: objectName(scope, component), port: { name: "http" } };
  return { path: route.path, pathType: route.pathType, backend: { service } };
}

function annotations({ loadBalancer, order, routes, healthPath }: IngressArgs): Record<string, string> {
  const used = routes.flatMap(({ action }) => (action ? [action] : []));
  return {
    [`${prefix}/load-balancer-name`]: loadBalancer.name,
    [`${prefix}/scheme`]: loadBalancer.scheme,
    [`${prefix}/group.name`]: loadBalancer.group,
    [`${prefix}/group.order`]: String(order),
    [`${prefix}/listen-ports`]: JSON.stringify([{ HTTP: 80 }, { HTTPS: 443 }]),
    [`${prefix}/target-type`]: "ip",
    [`${prefix}/healthcheck-path`]: healthPath,
    [`${prefix}/tags`]: Object.entries(loadBalancer.tags)
      .map(([key, value]) => `${key}=${value}`)
      .join(","),
    ...(loadBalancer.certificateArn && { [`${prefix}/certificate-arn`]: loadBalancer.certificateArn }),
    ...Object.fromEntries(used.map((action) => [`${prefix}/actions.${action}`, JSON.stringify(actions[action])])),
  };
}
