import { metadata, type Scope, selectorLabels } from "../../catalog/names";
import { type BuiltObject, built } from "../objects";

/** Which pods Prometheus asks, and where. */
export interface MonitorArgs {
  readonly scope: Scope;
  readonly component: string;
  readonly metricsPath: string;
}

/** Has the Prometheus operator collect the metrics of a Service's pods. */
export function serviceMonitor(args: MonitorArgs): BuiltObject<"ServiceMonitor"> {
  return built("ServiceMonitor", {
    metadata: metadata(args.scope, args.component),
    spec: { endpoints: [endpoint(args)], ...selection(args) },
  });
}

/** Has the Prometheus operator collect the metrics of pods that no Service stands for. */
export function podMonitor(args: MonitorArgs): BuiltObject<"PodMonitor"> {
  return built("PodMonitor", {
    metadata: metadata(args.scope, args.component),
    spec: { podMetricsEndpoints: [endpoint(args)], ...selection(args) },
  });
}

function endpoint({ metricsPath }: MonitorArgs) {
  return { port: "http", path: metricsPath };
}

function selection({ scope, component }: MonitorArgs) {
  return {
    namespaceSelector: { matchNames: [scope.namespace] },
    selector: { matchLabels: selectorLabels(scope, component) },
  };
}
