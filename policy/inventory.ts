import { z } from "zod";
import type { NodePool } from "../catalog/nodePools";
import type { Container, PodTemplate } from "./podShapes";
import type { Selector } from "./selectors";
import * as shape from "./shapes";

/** What rules must be told, because the objects alone do not say it. */
export interface StackFacts {
  /** The stack, as its objects' label says it. */
  readonly stack: string;
  readonly namespace: string;
  /** Hosts of endpoints that the public does not reach; every other host is public. */
  readonly internalHosts: readonly string[];
  /** Claims that are there without the stack. */
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
  readonly template: PodTemplate;
  /** Where in the object the pod's spec is, such as spec.template.spec. */
  readonly specPath: string;
  /** What it selects its pods by; absent where Kubernetes makes that up itself. */
  readonly selector?: Selector;
  /** Volumes that it makes a claim for by template. */
  readonly claimVolumes: readonly string[];
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
  const selected = [
    ...deployments,
    ...kind("DaemonSet", shape.selectedPodsShape),
    ...kind("ReplicaSet", shape.selectedPodsShape),
  ];
  const workloads: Workload[] = [
    ...selected.map((object) => workload(object, object.spec.template, { selector: object.spec.selector })),
    ...statefulSets.map((object) => {
      const { template, selector, volumeClaimTemplates } = object.spec;
      const claimVolumes = volumeClaimTemplates.map(({ metadata }) => metadata.name);
      return workload(object, template, { selector, claimVolumes });
    }),
    ...jobs.map((object) => workload(object, object.spec.template)),
    ...cronJobs.map((object) =>
      workload(object, object.spec.jobTemplate.spec.template, { specPath: "spec.jobTemplate.spec.template.spec" }),
    ),
    ...kind("Pod", shape.podShape).map((object) => workload(object, object, { specPath: "spec" })),
  ];
  return {
    facts,
    all,
    deployments,
    statefulSets,
    jobs,
    cronJobs,
    workloads,
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

/** How messages call an object, such as Deployment datasets-server-prod-api. */
export function objectId({ kind, metadata }: shape.KubernetesObject): string {
  return `${kind} ${metadata.name}`;
}

/** Every container of a workload, those that run before its main ones included, and where each is. */
export function containersOf({ template, specPath }: Workload): { container: Container; path: string }[] {
  const lists = { initContainers: template.spec.initContainers, containers: template.spec.containers };
  return Object.entries(lists).flatMap(([list, containers]) =>
    containers.map((container, index) => ({ container, path: `${specPath}.${list}[${index}]` })),
  );
}

/** The fewest pods that a workload has while nothing is wrong. */
export function fewestPods(
  { autoscalers, deployments, statefulSets }: Inventory,
  { object }: Pick<Workload, "object">,
): number {
  const scaled = autoscalers.find(
    ({ spec: { scaleTargetRef } }) => `${scaleTargetRef.kind} ${scaleTargetRef.name}` === objectId(object),
  );
  const fixed = [...deployments, ...statefulSets].find((candidate) => objectId(candidate) === objectId(object));
  return scaled?.spec.minReplicas ?? fixed?.spec.replicas ?? 1;
}

/** The keys that a Secret has, however they were given. */
export function secretKeys({ data, stringData }: shape.Secret): string[] {
  return [...new Set([...Object.keys(data), ...Object.keys(stringData)])];
}

/** The value of a label or the like that messages show where there is none. */
export const absent = "absent";

function workload(
  object: shape.KubernetesObject,
  template: PodTemplate,
  { specPath = "spec.template.spec", claimVolumes = [], selector }: Partial<Workload> = {},
): Workload {
  return { object, template, specPath, claimVolumes, ...(selector && { selector }) };
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
