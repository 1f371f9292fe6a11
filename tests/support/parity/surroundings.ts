import { z } from "zod";
import { list } from "./facts";
import {
  type AnyObject,
  autoscalerSpec,
  cronJobSpec,
  deploymentSpec,
  jobSpec,
  type podTemplate,
  serviceSpec,
} from "./shapes";

export type PodTemplate = z.infer<typeof podTemplate>;

/** What a selector can match. */
export interface Labelled {
  readonly component: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** The pods of one workload, as others see them. */
export interface PodsOf extends Labelled {
  /** The number of each port by its name. */
  readonly ports: ReadonlyMap<string, number>;
}

/** What an object's facts depend on besides the object itself. */
export interface Surroundings {
  readonly configMaps: ReadonlyMap<string, Readonly<Record<string, string>>>;
  readonly serviceAccounts: ReadonlySet<string>;
  /** The names of the Deployments that an autoscaler sizes. */
  readonly autoscaled: ReadonlySet<string>;
  readonly pods: readonly PodsOf[];
  /** Services by their names. */
  readonly services: ReadonlyMap<string, Labelled & { readonly spec: z.infer<typeof serviceSpec> }>;
}

const configMap = z.looseObject({ data: z.record(z.string(), z.string()) });

export function surroundingsOf(objects: readonly AnyObject[]): Surroundings {
  const ofKind = (kind: string) => objects.filter((object) => object.kind === kind);
  return {
    configMaps: new Map(ofKind("ConfigMap").map((map) => [map.metadata.name, configMap.parse(map).data])),
    serviceAccounts: new Set(ofKind("ServiceAccount").map(({ metadata }) => metadata.name)),
    autoscaled: new Set(
      ofKind("HorizontalPodAutoscaler").map(({ spec }) => autoscalerSpec.parse(spec).scaleTargetRef.name),
    ),
    pods: objects.flatMap((object) => {
      const template = templateOf(object);
      return template ? [podsOf(componentOf(object), template)] : [];
    }),
    services: new Map(
      ofKind("Service").map((object) => {
        const { name, labels } = object.metadata;
        return [name, { component: componentOf(object), labels, spec: serviceSpec.parse(object.spec) }];
      }),
    ),
  };
}

/** The part of the system that an object belongs to: the same word in both systems. */
export function componentOf({ kind, metadata }: AnyObject): string {
  const component = metadata.labels["app.kubernetes.io/component"];
  if (component === undefined) {
    throw new Error(`${kind} ${metadata.name} has no label app.kubernetes.io/component to know it by`);
  }
  return component.replace(/^(prod|staging)-datasets-server-/, "");
}

/** What an object's selector matches: what belongs to the same component, as it should, or whatever it is instead. */
export function selected(object: AnyObject, candidates: Iterable<Labelled>, labels: Labelled["labels"]): string {
  const components = matching(candidates, labels).map(({ component }) => component);
  return list(components) === componentOf(object) ? "its own" : list(components);
}

function matching<Candidate extends Labelled>(
  candidates: Iterable<Candidate>,
  labels: Labelled["labels"],
): Candidate[] {
  const wanted = Object.entries(labels);
  return [...candidates].filter((candidate) => wanted.every(([key, value]) => candidate.labels[key] === value));
}

/** The number of a port of a component's pods, given by its name or its number. */
export function portNumber({ pods }: Surroundings, component: string, port: string | number): number {
  const known = pods.find((pod) => pod.component === component)?.ports;
  const number = typeof port === "number" ? port : known?.get(port);
  if (number === undefined) {
    throw new Error(`${component} has no port ${port}; its ports are ${[...(known?.keys() ?? [])].join(", ")}`);
  }
  return number;
}

/** The pods and their port that a Service's port leads to. */
export function servicePods(service: string, port: string, around: Surroundings): string {
  const spec = around.services.get(service)?.spec;
  const { targetPort } = spec?.ports.find(({ name }) => name === port) ?? {};
  if (spec === undefined || targetPort === undefined) {
    throw new Error(`there is no Service ${service} with a port ${port}`);
  }
  return list(
    matching(around.pods, spec.selector).map(
      ({ component }) => `${component} ${portNumber(around, component, targetPort)}`,
    ),
  );
}

/** The template of an object's pods; undefined for an object that has none. */
export function templateOf({ kind, spec }: AnyObject): PodTemplate | undefined {
  switch (kind) {
    case "Deployment":
      return deploymentSpec.parse(spec).template;
    case "Job":
      return jobSpec.parse(spec).template;
    case "CronJob":
      return cronJobSpec.parse(spec).jobTemplate.spec.template;
    default:
      return undefined;
  }
}

function podsOf(component: string, { metadata, spec }: PodTemplate): PodsOf {
  const [{ ports }] = spec.containers;
  return { component, labels: metadata.labels, ports: new Map(ports.map((port) => [port.name, port.containerPort])) };
}
