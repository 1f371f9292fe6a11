import { createHash } from "node:crypto";
import type { V1HTTPIngressPath, V1Ingress, V1IngressBackend } from "@kubernetes/client-node";
import { z } from "zod";

/** A request as the rules of a load balancer see it. */
export interface Asked {
  readonly host: string;
  /** Without the query. */
  readonly path: string;
  /** Without the question mark; empty where there is none. */
  readonly query: string;
  readonly protocol: "HTTP" | "HTTPS";
}

/** Pods that a rule sends requests to, as the controller makes a target group of them. */
export interface TargetGroupArgs {
  /** Unique, and the name of the condition that pods wait for. */
  readonly name: string;
  readonly namespace: string;
  readonly service: string;
  /** The name of the Service's port. */
  readonly port: string;
  readonly healthPath: string;
  /** How long open requests of a target that leaves may go on; seconds. */
  readonly deregistrationDelaySeconds: number;
  /** How long a client stays with a target by cookie; seconds. Default: not at all. */
  readonly stickySeconds?: number;
  readonly healthCheck: HealthCheckArgs;
}

/** When a target counts as healthy; the defaults are the controller's. */
export interface HealthCheckArgs {
  readonly intervalSeconds: number;
  readonly timeoutSeconds: number;
  readonly healthyCount: number;
  readonly unhealthyCount: number;
}

/** What a load balancer does with a request. */
export type Action =
  | { readonly do: "forward"; readonly to: TargetGroupArgs }
  | { readonly do: "answer"; readonly status: number; readonly contentType: string; readonly body: string }
  | { readonly do: "redirect"; readonly status: number; readonly location: string };

/** One load balancer: what the Ingresses of a group say together. */
export interface LoadBalancer {
  readonly group: string;
  /** Whether what comes by HTTP is sent on to HTTPS, whatever the rules say. */
  readonly redirectsHttp: boolean;
  /** In the order in which they are tried. */
  readonly rules: readonly Rule[];
}

interface Rule {
  /** Default: any. */
  readonly host?: string;
  readonly path: string;
  readonly exact: boolean;
  readonly action: (asked: Asked) => Action;
}

const prefix = "alb.ingress.kubernetes.io";

const actionSchema = z.union([
  z.object({
    type: z.literal("fixed-response"),
    fixedResponseConfig: z.object({
      contentType: z.string().default("text/plain"),
      statusCode: z.string().transform(Number),
      messageBody: z.string().default(""),
    }),
  }),
  z.object({
    type: z.literal("redirect"),
    redirectConfig: z.object({
      host: z.string().default("#{host}"),
      path: z.string().default("/#{path}"),
      port: z.string().default("#{port}"),
      protocol: z.string().default("#{protocol}"),
      query: z.string().default("#{query}"),
      statusCode: z.enum(["HTTP_301", "HTTP_302"]),
    }),
  }),
]);

type RedirectConfig = Extract<z.infer<typeof actionSchema>, { type: "redirect" }>["redirectConfig"];

/** What the AWS load balancer controller makes of Ingresses: a load balancer of each group, its rules by `group.order`. */
export function loadBalancersOf(ingresses: readonly V1Ingress[]): LoadBalancer[] {
  const ours = ingresses.filter(({ spec }) => spec?.ingressClassName === "alb");
  return [...new Set(ours.map(groupOf))].map((group) => {
    const members = ours.filter((ingress) => groupOf(ingress) === group).sort(byOrder);
    const redirectsHttp = members.some((ingress) => annotation(ingress, "ssl-redirect") !== undefined);
    return { group, redirectsHttp, rules: members.flatMap(rulesOf) };
  });
}

/** What happens to a request: the first rule that matches counts. A host that no load balancer knows is answered by none. */
export function actionFor(loadBalancers: readonly LoadBalancer[], asked: Asked): Action {
  const knows = ({ rules }: LoadBalancer) => rules.some(({ host }) => host === undefined || host === asked.host);
  const loadBalancer = loadBalancers.find(knows);
  if (loadBalancer?.redirectsHttp && asked.protocol === "HTTP") {
    return redirect({ ...sameAddress, protocol: "HTTPS", port: "443", statusCode: "HTTP_301" }, asked);
  }
  const rule = loadBalancer?.rules.find((each) => matches(each, asked));
  return rule?.action(asked) ?? { do: "answer", status: 404, contentType: "text/plain", body: "" };
}

/** The target groups of all rules, each once. */
export function targetGroupsOf(ingresses: readonly V1Ingress[]): TargetGroupArgs[] {
  const backends = ingresses.flatMap((ingress) =>
    pathsOf(ingress).flatMap(({ path }) => (hasAction(path.backend) ? [] : targetGroup(ingress, path.backend))),
  );
  return [...new Map(backends.map((group) => [group.name, group])).values()];
}

const sameAddress = { host: "#{host}", path: "/#{path}", query: "#{query}" };

function groupOf(ingress: V1Ingress): string {
  const { namespace, name } = ingress.metadata ?? {};
  return annotation(ingress, "group.name") ?? `${namespace}/${name}`;
}

function byOrder(a: V1Ingress, b: V1Ingress): number {
  const order = (ingress: V1Ingress) => Number(annotation(ingress, "group.order") ?? 0);
  const name = ({ metadata }: V1Ingress) => `${metadata?.namespace}/${metadata?.name}`;
  return order(a) - order(b) || (name(a) < name(b) ? -1 : 1);
}

function rulesOf(ingress: V1Ingress): Rule[] {
  return pathsOf(ingress).map(({ host, path }) => ({
    ...(host !== undefined && { host }),
    path: path.path ?? "/",
    exact: path.pathType === "Exact",
    action: actionOf(ingress, path.backend),
  }));
}

/** The paths in the controller's order within an Ingress: exact ones, then the longest prefixes. */
function pathsOf({ spec }: V1Ingress): { host?: string; path: V1HTTPIngressPath }[] {
  return (spec?.rules ?? []).flatMap(({ host, http }) => {
    const rank = ({ path = "/", pathType }: V1HTTPIngressPath) => (pathType === "Exact" ? -Infinity : -path.length);
    const paths = [...(http?.paths ?? [])].sort((a, b) => (rank(a) < rank(b) ? -1 : rank(a) > rank(b) ? 1 : 0));
    return paths.map((path) => ({ ...(host !== undefined && { host }), path }));
  });
}

function matches({ host, path, exact }: Rule, asked: Asked): boolean {
  if (host !== undefined && host !== asked.host) return false;
  const base = path.replace(/\/$/, "");
  return exact ? asked.path === path : asked.path === base || asked.path.startsWith(`${base}/`);
}

function hasAction({ service }: V1IngressBackend): boolean {
  return service?.port?.name === "use-annotation";
}

function actionOf(ingress: V1Ingress, backend: V1IngressBackend): Rule["action"] {
  if (!hasAction(backend)) {
    const to = targetGroup(ingress, backend);
    return () => ({ do: "forward", to });
  }
  const key = `actions.${backend.service?.name}`;
  const action = actionSchema.parse(JSON.parse(annotation(ingress, key) ?? "null"));
  if (action.type === "redirect") return (asked) => redirect(action.redirectConfig, asked);
  const { statusCode: status, contentType, messageBody: body } = action.fixedResponseConfig;
  return () => ({ do: "answer", status, contentType, body });
}

function redirect({ statusCode, ...parts }: RedirectConfig, asked: Asked): Action {
  const values: Readonly<Record<string, string>> = {
    host: asked.host,
    path: asked.path.slice(1),
    query: asked.query,
    protocol: asked.protocol,
    port: asked.protocol === "HTTPS" ? "443" : "80",
  };
  const filled = (text: string) => text.replace(/#\{(\w+)\}/g, (_, name: string) => values[name] ?? "");
  const query = filled(parts.query);
  const address = `${filled(parts.protocol).toLowerCase()}://${filled(parts.host)}:${filled(parts.port)}`;
  const location = `${address}${filled(parts.path)}${query && `?${query}`}`;
  return { do: "redirect", status: Number(statusCode.replace("HTTP_", "")), location };
}

function targetGroup(ingress: V1Ingress, { service }: V1IngressBackend): TargetGroupArgs {
  const { name = "", namespace = "" } = ingress.metadata ?? {};
  const attributes = Object.fromEntries(
    (annotation(ingress, "target-group-attributes") ?? "").split(",").map((pair) => pair.split("=")),
  );
  const hash = createHash("sha256").update([namespace, name, service?.name].join("/")).digest("hex").slice(0, 10);
  const number = (key: string, otherwise: number) => Number(annotation(ingress, key) ?? otherwise);
  return {
    name: `k8s-${service?.name?.slice(0, 40)}-${hash}`,
    namespace,
    service: service?.name ?? "",
    port: service?.port?.name ?? "",
    healthPath: annotation(ingress, "healthcheck-path") ?? "/",
    deregistrationDelaySeconds: Number(attributes["deregistration_delay.timeout_seconds"] ?? 300),
    ...(attributes["stickiness.enabled"] === "true" && {
      stickySeconds: Number(attributes["stickiness.lb_cookie.duration_seconds"] ?? 86_400),
    }),
    healthCheck: {
      intervalSeconds: number("healthcheck-interval-seconds", 15),
      timeoutSeconds: number("healthcheck-timeout-seconds", 5),
      healthyCount: number("healthy-threshold-count", 2),
      unhealthyCount: number("unhealthy-threshold-count", 2),
    },
  };
}

function annotation({ metadata }: V1Ingress, key: string): string | undefined {
  return metadata?.annotations?.[`${prefix}/${key}`];
}
