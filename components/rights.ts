import type { DatasetsServerArgs } from "./datasetsServer";

/** What an identity may have to be allowed: one verb on one resource, in a namespace or, without one, cluster-wide. */
export interface Right {
  /** The API group; "" is that of the core. */
  readonly group: string;
  /** The resource's plural, as in a Role. */
  readonly resource: string;
  readonly verb: Verb;
  readonly namespace?: string;
}

export type Verb = "create" | "delete" | "get" | "list" | "patch" | "watch";

/** Every kind of object that the program makes. */
export type ManagedKind =
  | "ConfigMap"
  | "CronJob"
  | "Deployment"
  | "HorizontalPodAutoscaler"
  | "Ingress"
  | "Job"
  | "Namespace"
  | "NetworkPolicy"
  | "PersistentVolumeClaim"
  | "PodDisruptionBudget"
  | "PodMonitor"
  | "PrometheusRule"
  | "ResourceQuota"
  | "Secret"
  | "Service"
  | "ServiceAccount"
  | "ServiceMonitor"
  | "StatefulSet";

/** A kind that the program does not make, but that the engine looks at to tell how one that it makes is doing. */
type WatchedKind = "Endpoints" | "Event" | "Pod" | "ReplicaSet" | "StorageClass";

interface ApiResource {
  readonly group: string;
  readonly resource: string;
}

const managed: Readonly<Record<ManagedKind, ApiResource>> = {
  ConfigMap: { group: "", resource: "configmaps" },
  CronJob: { group: "batch", resource: "cronjobs" },
  Deployment: { group: "apps", resource: "deployments" },
  HorizontalPodAutoscaler: { group: "autoscaling", resource: "horizontalpodautoscalers" },
  Ingress: { group: "networking.k8s.io", resource: "ingresses" },
  Job: { group: "batch", resource: "jobs" },
  Namespace: { group: "", resource: "namespaces" },
  NetworkPolicy: { group: "networking.k8s.io", resource: "networkpolicies" },
  PersistentVolumeClaim: { group: "", resource: "persistentvolumeclaims" },
  PodDisruptionBudget: { group: "policy", resource: "poddisruptionbudgets" },
  PodMonitor: { group: "monitoring.coreos.com", resource: "podmonitors" },
  PrometheusRule: { group: "monitoring.coreos.com", resource: "prometheusrules" },
  ResourceQuota: { group: "", resource: "resourcequotas" },
  Secret: { group: "", resource: "secrets" },
  Service: { group: "", resource: "services" },
  ServiceAccount: { group: "", resource: "serviceaccounts" },
  ServiceMonitor: { group: "monitoring.coreos.com", resource: "servicemonitors" },
  StatefulSet: { group: "apps", resource: "statefulsets" },
};

const watched: Readonly<Record<WatchedKind, ApiResource>> = {
  Endpoints: { group: "", resource: "endpoints" },
  Event: { group: "", resource: "events" },
  Pod: { group: "", resource: "pods" },
  ReplicaSet: { group: "apps", resource: "replicasets" },
  StorageClass: { group: "storage.k8s.io", resource: "storageclasses" },
};

const apiResources = { ...managed, ...watched };

/** Objects of these are in no namespace. */
const clusterWide: readonly (ManagedKind | WatchedKind)[] = ["Namespace", "StorageClass"];

/** An apply is a patch, and a create where the object is new; the end of a deletion is found by a watch. */
const managing: readonly Verb[] = ["create", "delete", "get", "list", "patch", "watch"];

const watching: readonly Verb[] = ["list", "watch"];

/** What the engine looks at besides, to tell whether an object is ready. Without a right to it, it waits in silence. */
const looksAt: Readonly<Partial<Record<ManagedKind, readonly (ManagedKind | WatchedKind)[]>>> = {
  Deployment: ["PersistentVolumeClaim", "Pod", "ReplicaSet"],
  Ingress: ["Endpoints", "Service"],
  Job: ["Pod"],
  Service: ["Endpoints"],
  StatefulSet: ["Pod"],
};

function isManagedKind(kind: string): kind is ManagedKind {
  return Object.hasOwn(managed, kind);
}

/** The parts of a stack that decide which kinds of objects it has. */
export type StackParts = Pick<
  DatasetsServerArgs,
  "alerts" | "jobs" | "migration" | "mongodb" | "monitoring" | "namespace" | "parquetMetadata" | "workers"
>;

/** The kinds of objects that a stack has. */
export function managedKinds(parts: StackParts): ManagedKind[] {
  const { alerts, jobs, migration, mongodb, monitoring, namespace, parquetMetadata } = parts;
  const workers = Object.values(parts.workers);
  const has: Readonly<Record<ManagedKind, boolean>> = {
    ConfigMap: true,
    CronJob: Object.values(jobs).some((sizes) => sizes !== undefined),
    Deployment: true,
    HorizontalPodAutoscaler: workers.some(({ autoscaling }) => autoscaling !== undefined),
    Ingress: true,
    Job: migration !== undefined || mongodb !== undefined,
    Namespace: namespace.create,
    NetworkPolicy: true,
    PersistentVolumeClaim: parquetMetadata.create !== undefined,
    PodDisruptionBudget: true,
    PodMonitor: monitoring && workers.length > 0,
    PrometheusRule: alerts !== undefined,
    ResourceQuota: namespace.quota !== undefined,
    Secret: true,
    Service: true,
    ServiceAccount: true,
    ServiceMonitor: monitoring,
    StatefulSet: mongodb !== undefined,
  };
  return Object.keys(has)
    .filter(isManagedKind)
    .filter((kind) => has[kind]);
}

/**
 * Every right that the engine uses to make, change, look at and delete objects of these kinds, each once.
 *
 * An audit log of the API server shows them; an end-to-end test compares it with these.
 */
export function rightsFor(kinds: readonly ManagedKind[], namespace: string): Right[] {
  const rights = kinds.flatMap((kind) => [
    ...rightsTo(kind, managing, namespace),
    ...(looksAt[kind] ?? []).flatMap((other) => rightsTo(other, watching, namespace)),
    // Events say why an object is not ready. For a namespace the engine asks for those of all, and does well without.
    ...(kind === "Namespace" ? [] : rightsTo("Event", watching, namespace)),
    // Its class says whether a claim waits for its first pod.
    ...(kind === "PersistentVolumeClaim" ? rightsTo("StorageClass", ["get"], namespace) : []),
  ]);
  return [...new Map(rights.map((right) => [JSON.stringify(right), right])).values()];
}

/** The rights to list objects of these kinds. */
export function listRights(kinds: readonly ManagedKind[], namespace: string): Right[] {
  return kinds.flatMap((kind) => rightsTo(kind, ["list"], namespace));
}

/** The rights that a stack needs. */
export function neededRights(args: StackParts & Pick<DatasetsServerArgs, "scope">): Right[] {
  return rightsFor(managedKinds(args), args.scope.namespace);
}

function rightsTo(kind: ManagedKind | WatchedKind, verbs: readonly Verb[], namespace: string | undefined): Right[] {
  const where = namespace === undefined || clusterWide.includes(kind) ? {} : { namespace };
  const { group, resource } = apiResources[kind];
  return verbs.map((verb) => ({ group, resource, verb, ...where }));
}
