import type { Surge } from "./rollouts";
import type { VariableGroup } from "./variableGroups";

export const serviceNames = ["admin", "api", "rows", "search", "sse-api", "webhook"] as const;

export type ServiceName = (typeof serviceNames)[number];

/** A path the load balancer answers or forwards. */
export interface Route {
  readonly path: string;
  readonly pathType: "Prefix" | "Exact";
  /** An answer that the load balancer gives itself; without it the request goes to the service. */
  readonly action?: ActionName;
}

export type ActionName = "metrics-unauthorized" | "openapi-redirect";

/** What is true of a service on every stack. Sizes and placement are the stack file's. */
export interface ServiceDefinition {
  /** Prefix of the variables that configure its web server. */
  readonly variablePrefix: "ADMIN" | "API";
  /** The Python package it is started from. */
  readonly package: string;
  /** The groups of environment variables that it reads. */
  readonly variables: readonly VariableGroup[];
  readonly healthPath: string;
  readonly metricsPath: string;
  /** How long a start may take, the loading of Python packages by every server process included; seconds. */
  readonly startupSeconds: number;
  readonly surge: Surge;
  /** How it uses the shared volume of parquet metadata. Default: not at all. */
  readonly parquetMetadata?: "read" | "write";
  /** Its place among the rules of the load balancer, lowest first: `/` must come last. */
  readonly routeOrder: number;
  /** What it answers, wherever it is reached. */
  readonly routes: readonly Route[];
  /** What the load balancer answers in its place to the public. */
  readonly publicRoutes: readonly Route[];
  /** How long the load balancer sends a client to the same pod; seconds. Default: to any pod each time. */
  readonly stickySeconds?: number;
}

const noneMissing: Surge = { maxSurge: "25%", maxUnavailable: 0 };

const hiddenMetrics = (path: string): Route => ({ path, pathType: "Exact", action: "metrics-unauthorized" });

const prefixes = (...paths: readonly string[]): Route[] => paths.map((path) => ({ path, pathType: "Prefix" }));

/** What every service that answers from the cache reads. */
const serving = [
  "assets",
  "cache",
  "cached-assets",
  "cloudfront",
  "common",
  "hub-api",
  "log",
  "max-age",
  "queue",
  "s3",
  "secrets",
] as const satisfies readonly VariableGroup[];

/** The web services. A new one is its name above, its definition here, and its configuration in each stack file where it is to run. */
export const services: Readonly<Record<ServiceName, ServiceDefinition>> = {
  admin: {
    variablePrefix: "ADMIN",
    package: "admin",
    variables: [
      "admin",
      "assets",
      "cache",
      "cached-assets",
      "common",
      "log",
      "parquet-metadata",
      "queue",
      "s3",
      "secrets",
    ],
    healthPath: "/admin/healthcheck",
    metricsPath: "/admin/metrics",
    startupSeconds: 120,
    surge: noneMissing,
    parquetMetadata: "read",
    routeOrder: 1,
    routes: prefixes("/admin"),
    publicRoutes: [hiddenMetrics("/admin/metrics")],
  },
  api: {
    variablePrefix: "API",
    package: "api",
    variables: [...serving, "numba"],
    healthPath: "/healthcheck",
    metricsPath: "/metrics",
    startupSeconds: 120,
    surge: noneMissing,
    routeOrder: 100,
    routes: prefixes("/"),
    publicRoutes: [hiddenMetrics("/metrics"), { path: "/openapi.json", pathType: "Exact", action: "openapi-redirect" }],
  },
  rows: {
    variablePrefix: "API",
    package: "rows",
    variables: [...serving, "numba", "parquet-metadata", "rows-index"],
    healthPath: "/healthcheck",
    metricsPath: "/metrics",
    startupSeconds: 120,
    surge: noneMissing,
    parquetMetadata: "read",
    routeOrder: 2,
    routes: prefixes("/rows"),
    publicRoutes: [],
  },
  search: {
    variablePrefix: "API",
    package: "search",
    variables: [...serving, "duckdb-index", "hf-home", "parquet-metadata"],
    healthPath: "/healthcheck",
    metricsPath: "/metrics",
    startupSeconds: 120,
    // A pod fills a node of 250 Gi, and no spare one stands by for a pod more.
    surge: { maxSurge: 0, maxUnavailable: 1 },
    parquetMetadata: "write",
    routeOrder: 3,
    routes: prefixes("/search", "/filter"),
    publicRoutes: [],
    stickySeconds: 300,
  },
  "sse-api": {
    variablePrefix: "API",
    package: "sse_api",
    variables: ["cache", "common", "hub-api", "log", "secrets"],
    healthPath: "/sse/healthcheck",
    metricsPath: "/sse/metrics",
    startupSeconds: 120,
    surge: noneMissing,
    routeOrder: 4,
    routes: prefixes("/sse"),
    publicRoutes: [hiddenMetrics("/sse/metrics")],
  },
  webhook: {
    variablePrefix: "API",
    package: "webhook",
    variables: [...serving, "committer", "numba", "webhook"],
    healthPath: "/healthcheck",
    metricsPath: "/metrics",
    startupSeconds: 120,
    surge: noneMissing,
    routeOrder: 5,
    routes: prefixes("/webhook"),
    publicRoutes: [],
  },
};

/** Returns the service among those that run whose pods and health say most of the stack: api, or the first. */
export function mainService(running: readonly string[]): ServiceName | undefined {
  const [first] = serviceNames.filter((name) => running.includes(name));
  return running.includes("api") ? "api" : first;
}

/** Returns the path at which an endpoint reaches the health of a service that runs; undefined where it reaches none. */
export function healthPathOf(running: readonly string[]): string | undefined {
  const reached = serviceNames.filter((name) => {
    const { healthPath, routes } = services[name];
    return running.includes(name) && routes.some(({ path }) => path === "/" || healthPath.startsWith(`${path}/`));
  });
  const name = mainService(reached);
  return name && services[name].healthPath;
}
