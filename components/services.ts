import type { SettingGroup } from "./settings";

/** The web services, each a row below. */
export const serviceNames = ["api"] as const;

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
export interface ServiceRow {
  /** Prefix of the variables that configure its web server. */
  readonly variablePrefix: string;
  readonly settings: readonly SettingGroup[];
  /** Answers 200 as soon as the service can serve. */
  readonly healthPath: string;
  /** How long a start may take, the loading of Python packages by every server process included; seconds. */
  readonly startupSeconds: number;
  /** Extra pods during a rollout, a share of the replicas rounded up. */
  readonly maxSurge: `${number}%`;
  /** Its place among the rules of the load balancer, lowest first: `/` must come last. */
  readonly routeOrder: number;
  readonly routes: readonly Route[];
}

export const services: Readonly<Record<ServiceName, ServiceRow>> = {
  api: {
    variablePrefix: "API",
    settings: [
      "assets",
      "cache",
      "cached-assets",
      "cloudfront",
      "common",
      "hub-api",
      "log",
      "max-age",
      "numba",
      "queue",
      "s3",
    ],
    healthPath: "/healthcheck",
    startupSeconds: 120,
    maxSurge: "25%",
    routeOrder: 100,
    routes: [
      { path: "/metrics", pathType: "Exact", action: "metrics-unauthorized" },
      { path: "/openapi.json", pathType: "Exact", action: "openapi-redirect" },
      { path: "/", pathType: "Prefix" },
    ],
  },
};
