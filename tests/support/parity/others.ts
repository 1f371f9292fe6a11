import type { z } from "zod";
import { type FactTree, list, named } from "./facts";
import { type AnyObject, autoscalerSpec, budgetSpec, podMonitorSpec, serviceMonitorSpec, serviceSpec } from "./shapes";
import { type Labelled, type Surroundings, selected, servicePods } from "./surroundings";

export function serviceFacts({ metadata, spec }: AnyObject, around: Surroundings): FactTree {
  const { type, ports } = serviceSpec.parse(spec);
  return {
    type,
    ports: Object.fromEntries(
      ports.map(({ name, port, protocol }) => [
        name,
        `${port} ${protocol} to ${servicePods(metadata.name, name, around)}`,
      ]),
    ),
    nodePorts: list(ports.flatMap(({ nodePort }) => nodePort ?? [])) || undefined,
  };
}

export function autoscalerFacts({ metadata, spec }: AnyObject): FactTree {
  const { scaleTargetRef: scaled, minReplicas, maxReplicas, metrics, behavior } = autoscalerSpec.parse(spec);
  return {
    of: `${scaled.kind} ${scaled.name === metadata.name ? "of its own name" : scaled.name}`,
    minReplicas,
    maxReplicas,
    metrics: named(
      metrics.map(({ external: { metric, target } }): [string, FactTree] => [
        `${metric.name} of ${list(Object.entries(metric.selector.matchLabels).map((pair) => pair.join("=")))}`,
        { target: target.type, jobs: Number(target.value ?? target.averageValue) },
      ]),
    ),
    up: scalingFacts(behavior.scaleUp),
    down: scalingFacts(behavior.scaleDown),
  };
}

function scalingFacts(rules: z.infer<typeof autoscalerSpec>["behavior"]["scaleUp"]): FactTree {
  return {
    windowSeconds: rules.stabilizationWindowSeconds,
    policies: list(rules.policies.map(({ type, value, periodSeconds }) => `${value} ${type} in ${periodSeconds} s`)),
  };
}

export function budgetFacts(object: AnyObject, around: Surroundings): FactTree {
  const { maxUnavailable, unhealthyPodEvictionPolicy, selector } = budgetSpec.parse(object.spec);
  return {
    maxUnavailable,
    brokenPods: unhealthyPodEvictionPolicy,
    selects: selected(object, around.pods, selector.matchLabels),
  };
}

export function serviceMonitorFacts(object: AnyObject, around: Surroundings): FactTree {
  const { endpoints, ...rest } = serviceMonitorSpec.parse(object.spec);
  return monitorFacts(object, { ...rest, endpoint: endpoints[0] }, around.services.values());
}

export function podMonitorFacts(object: AnyObject, around: Surroundings): FactTree {
  const { podMetricsEndpoints, ...rest } = podMonitorSpec.parse(object.spec);
  return monitorFacts(object, { ...rest, endpoint: podMetricsEndpoints[0] }, around.pods);
}

type Monitor = Omit<z.infer<typeof serviceMonitorSpec>, "endpoints"> & {
  readonly endpoint: z.infer<typeof serviceMonitorSpec>["endpoints"][0];
};

function monitorFacts(object: AnyObject, monitor: Monitor, candidates: Iterable<Labelled>): FactTree {
  const { endpoint, namespaceSelector, selector } = monitor;
  return {
    kind: object.kind,
    ...endpoint,
    namespaces: list(namespaceSelector.matchNames),
    selects: selected(object, candidates, selector.matchLabels),
  };
}
