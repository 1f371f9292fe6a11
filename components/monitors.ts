import { CustomResource } from "@pulumi/kubernetes/apiextensions";
import type * as pulumi from "@pulumi/pulumi";
import { metadata, type Scope, selectorLabels } from "./names";

/** The API of the Prometheus operator's custom resources. */
export const monitoringApi = { group: "monitoring.coreos.com", version: "v1" } as const;

export const monitoringApiVersion = `${monitoringApi.group}/${monitoringApi.version}`;

/** Which pods Prometheus asks, and where. */
export interface MonitorArgs {
  readonly scope: Scope;
  readonly component: string;
  readonly metricsPath: string;
}

/** Has the Prometheus operator collect the metrics of a Service's pods. */
export function serviceMonitor(name: string, args: MonitorArgs, opts: pulumi.CustomResourceOptions) {
  return monitor(name, "ServiceMonitor", { endpoints: [endpoint(args)] }, args, opts);
}

/** Has the Prometheus operator collect the metrics of pods that no Service stands for. */
export function podMonitor(name: string, args: MonitorArgs, opts: pulumi.CustomResourceOptions) {
  return monitor(name, "PodMonitor", { podMetricsEndpoints: [endpoint(args)] }, args, opts);
}

function endpoint({ metricsPath }: MonitorArgs) {
  return { port: "http", path: metricsPath };
}

function monitor(
  name: string,
  kind: "ServiceMonitor" | "PodMonitor",
  endpoints: Readonly<Record<string, unknown>>,
  { scope, component }: MonitorArgs,
  opts: pulumi.CustomResourceOptions,
): CustomResource {
  const spec = {
    ...endpoints,
    namespaceSelector: { matchNames: [scope.namespace] },
    selector: { matchLabels: selectorLabels(scope, component) },
  };
  return new CustomResource(
    name,
    { apiVersion: monitoringApiVersion, kind, metadata: metadata(scope, component), spec },
    opts,
  );
}
