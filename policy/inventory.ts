import { z } from "zod";
import type { NodePool } from "../catalog/nodePools";
import * as shape from "./shapes";

/** What rules must be told, because the objects alone do not say it. */
export interface StackFacts {
  /** The stack, as its objects' label says it. */
  readonly stack: string;
  readonly namespace: string;
  /** Hosts of endpoints that the public does not reach; every other host is public. */
  readonly internalHosts: readonly string[];
  /** Claims that exist without the stack. */
  readonly externalClaims: readonly string[];
  /** The pools of nodes that pods may be put on. Default: none. */
  readonly nodePools?: Readonly<Record<string, NodePool>>;
  /**
   * The labels that selectors may hold, of which the first tells the components apart. Default: app and
   * app.kubernetes.io/instance.
   */
  readonly selectorLabels?: readonly [string, ...string[]];
}

/** An object that makes pods, whatever its kind. */
export interface Workload {
  readonly object: shape.KubernetesObject;
  /** The labels of its pods. */
  readonly labels: Readonly<Record<string, string>>;
  /** The spec of its pods. */
  readonly pod: shape.PodTemplate["spec"];
  /** Where in the object the pods' template is, such as spec.template. */
  readonly path: string;
  /** What it selects its pods by; absent for a Job, where Kubernetes makes that up itself. */
  readonly selector?: shape.Selector;
}

/** A container of a workload, one that runs before the main ones included. */
export interface PlacedContainer {
  readonly workload: Workload;
  readonly object: shape.KubernetesObject;
  readonly container: shape.Container;
  /** Where in the object it is. */
  readonly path: string;
}

/** The objects of one stack by kind, read once for all rules. */
export type Inventory = ReturnType<typeof takeInventory>;

/** Reads a stack's plain objects. Throws, naming the object and the path, for one that is not of its kind's shape. */
export function takeInventory(objects: readonly unknown[], facts: StackFacts) {
  const all = objects.map((object) => read(object, shape.objectShape));
  const kind = <Shape extends z.ZodType>(name: string, objectShape: Shape) =>
    objects.filter((_, index) => all[index]?.kind === name).map((object) => read(object, objectShape));
  const deployments = kind("Deployment", shape.deploymentShape);
  const statefulSets = kind("StatefulSet", shape.statefulSetShape);
  const jobs = kind("Job", shape.jobShape);
  const cronJobs = kind("CronJob", shape.cronJobShape);
  const workloads: Workload[] = [
    ...deployments.map((object) => workload(object, object.spec.template, { selector: object.spec.selector })),
    ...statefulSets.map((object) => workload(object, object.spec.template, { selector: object.spec.selector })),
    ...jobs.map((object) => workload(object, object.spec.template)),
    ...cronJobs.map((object) =>
      workload(object, object.spec.jobTemplate.spec.template, { path: "spec.jobTemplate.spec.template" }),
    ),
  ];
  return {
    facts,
    all,
    deployments,
    statefulSets,
    jobs,
    cronJobs,
    workloads,
    containers: workloads.flatMap(containersOf),
    services: kind("Service", shape.serviceShape),
    ingresses: kind("Ingress", shape.ingressShape),
    configMaps: kind("ConfigMap", shape.configMapShape),
    secrets: kind("Secret", shape.secretShape),
    claims: kind("PersistentVolumeClaim", shape.objectShape),
    serviceAccounts: kind("ServiceAccount", shape.objectShape),
    autoscalers: kind("HorizontalPodAutoscaler", shape.autoscalerShape),
    disruptionBudgets: kind("PodDisruptionBudget", shape.disruptionBudgetShape),
    serviceMonitors: kind("ServiceMonitor", shape.serviceMonitorShape),
    podMonitors: kind("PodMonitor", shape.podMonitorShape),
    quotas: kind("ResourceQuota", shape.quotaShape),
    networkPolicies: kind("NetworkPolicy", shape.networkPolicyShape),
  };
}

/** Returns how messages call an object, such as Deployment datasets-server-prod-api. */
export function objectId({ kind, metadata }: shape.KubernetesObject): string {
  return `${kind} ${metadata.name}`;
}

/** Returns what scales an object, if anything does. */
export function autoscalerOf({ autoscalers }: Inventory, object: shape.KubernetesObject) {
  return autoscalers.find(
    ({ spec: { scaleTargetRef } }) => `${scaleTargetRef.kind} ${scaleTargetRef.name}` === objectId(object),
  );
}

/** Returns the number of pods that a workload has where no autoscaler decides it. */
export function fixedPods({ deployments, statefulSets }: Inventory, object: shape.KubernetesObject): number {
  const fixed = [...deployments, ...statefulSets].find((candidate) => objectId(candidate) === objectId(object));
  return fixed?.spec.replicas ?? 1;
}

/** Returns the fewest pods that a workload has while nothing is wrong. */
export function fewestPods(inventory: Inventory, object: shape.KubernetesObject): number {
  return autoscalerOf(inventory, object)?.spec.minReplicas ?? fixedPods(inventory, object);
}

/** Returns the keys that a Secret has, however they were given. */
export function secretKeys({ data, stringData }: shape.Secret): string[] {
  return Object.keys({ ...data, ...stringData });
}

function workload(
  object: shape.KubernetesObject,
  { metadata, spec }: shape.PodTemplate,
  more: Partial<Workload> = {},
): Workload {
  return { object, labels: metadata.labels, pod: spec, path: "spec.template", ...more };
}

function containersOf(workload: Workload): PlacedContainer[] {
  const { object, path, pod } = workload;
  const { initContainers, containers } = pod;
  return Object.entries({ initContainers, containers }).flatMap(([list, members]) =>
    members.map((container, index) => ({ workload, object, container, path: `${path}.spec.${list}[${index}]` })),
  );
}

function read<Shape extends z.ZodType>(object: unknown, objectShape: Shape): z.output<Shape> {
  // A run reads each object once: compiling the shapes would take longer than it saves.
  const result = objectShape.safeParse(object, { jitless: true });
  if (result.success) {
    return result.data;
  }
  const named = shape.objectShape.safeParse(object);
  const id = named.success ? objectId(named.data) : "an object without kind and metadata.name";
  throw new Error(
    `the rules cannot read ${id}: ${z.prettifyError(result.error)}\n` +
      "Compare it with the Kubernetes API's reference for its kind.",
  );
}
