import { apiVersions, type BuiltObject, type ManagedKind } from "../components/objects";

/** One verb on one resource, in a namespace or, without one, in the whole cluster. */
export interface Permission {
  /** The API group; "" is that of the core. */
  readonly group: string;
  /** The resource's plural, as in a Role. */
  readonly resource: string;
  readonly verb: Verb;
  readonly namespace?: string;
}

export type Verb = "create" | "delete" | "get" | "list" | "patch" | "watch";

/** A kind that the program does not make, but that Pulumi or people look at. */
type WatchedKind =
  | "DaemonSet"
  | "Endpoints"
  | "Event"
  | "Node"
  | "PersistentVolume"
  | "Pod"
  | "ReplicaSet"
  | "ReplicationController"
  | "Role"
  | "RoleBinding"
  | "StorageClass";

interface ApiResource {
  readonly group: string;
  readonly resource: string;
}

/** The plural of each kind, as the API server has it. */
const plurals: Readonly<Record<ManagedKind, string>> = {
  ConfigMap: "configmaps",
  CronJob: "cronjobs",
  Deployment: "deployments",
  HorizontalPodAutoscaler: "horizontalpodautoscalers",
  Ingress: "ingresses",
  Job: "jobs",
  Namespace: "namespaces",
  NetworkPolicy: "networkpolicies",
  PersistentVolumeClaim: "persistentvolumeclaims",
  PodDisruptionBudget: "poddisruptionbudgets",
  PodMonitor: "podmonitors",
  PrometheusRule: "prometheusrules",
  ResourceQuota: "resourcequotas",
  Secret: "secrets",
  Service: "services",
  ServiceAccount: "serviceaccounts",
  ServiceMonitor: "servicemonitors",
  StatefulSet: "statefulsets",
};

const watched: Readonly<Record<WatchedKind, ApiResource>> = {
  DaemonSet: { group: "apps", resource: "daemonsets" },
  Endpoints: { group: "", resource: "endpoints" },
  Event: { group: "", resource: "events" },
  Node: { group: "", resource: "nodes" },
  PersistentVolume: { group: "", resource: "persistentvolumes" },
  Pod: { group: "", resource: "pods" },
  ReplicaSet: { group: "apps", resource: "replicasets" },
  ReplicationController: { group: "", resource: "replicationcontrollers" },
  Role: { group: "rbac.authorization.k8s.io", resource: "roles" },
  RoleBinding: { group: "rbac.authorization.k8s.io", resource: "rolebindings" },
  StorageClass: { group: "storage.k8s.io", resource: "storageclasses" },
};

/** Objects of these are in no namespace. */
const clusterWide: readonly (ManagedKind | WatchedKind)[] = ["Namespace", "Node", "PersistentVolume", "StorageClass"];

/**
 * The kinds that may be beside a stack's objects: those that the program makes, and others that run something or give permissions.
 * Secrets are left out: a list of them is their values.
 */
export const kindsBeside: readonly (ManagedKind | WatchedKind)[] = [
  ...Object.keys(plurals)
    .filter(isManaged)
    .filter((kind) => kind !== "Namespace" && kind !== "Secret"),
  "DaemonSet",
  "Pod",
  "ReplicaSet",
  "ReplicationController",
  "Role",
  "RoleBinding",
];

/** An apply is a patch, and a create where the object is new; the end of a deletion is found by a watch. */
const managing: readonly Verb[] = ["create", "delete", "get", "list", "patch", "watch"];

const watching: readonly Verb[] = ["list", "watch"];

/** What Pulumi also looks at, to tell whether an object is ready. Without a permission to it, it waits in silence. */
const looksAt: Readonly<Partial<Record<ManagedKind, readonly (ManagedKind | WatchedKind)[]>>> = {
  Deployment: ["PersistentVolumeClaim", "Pod", "ReplicaSet"],
  Ingress: ["Endpoints", "Service"],
  Job: ["Pod"],
  Service: ["Endpoints"],
  StatefulSet: ["Pod"],
};

/**
 * Returns every permission that Pulumi uses to make, change, look at and delete objects of these kinds, each once.
 *
 * An audit log of the API server shows them; an end-to-end test compares it with these.
 */
export function permissionsFor(kinds: readonly ManagedKind[], namespace: string): Permission[] {
  const permissions = kinds.flatMap((kind) => [
    ...permissionsTo([kind], managing, namespace),
    ...permissionsTo(looksAt[kind] ?? [], watching, namespace),
    // Events say why an object is not ready. For a namespace Pulumi asks for those of all, and does well without.
    ...(kind === "Namespace" ? [] : permissionsTo(["Event"], watching, namespace)),
    // Its class says whether a claim waits for its first pod.
    ...(kind === "PersistentVolumeClaim" ? permissionsTo(["StorageClass"], ["get"], namespace) : []),
  ]);
  return [...new Map(permissions.map((permission) => [JSON.stringify(permission), permission])).values()];
}

/** Returns the permissions to list objects of these kinds. */
export function listPermissions(kinds: readonly (ManagedKind | WatchedKind)[], namespace: string): Permission[] {
  return permissionsTo(kinds, ["list"], namespace);
}

/** Returns the permissions that a stack with these objects needs. */
export function neededPermissions(objects: readonly BuiltObject[], namespace: string): Permission[] {
  const kinds = new Set(objects.map(({ kind }) => kind));
  return permissionsFor([...kinds].sort(), namespace);
}

/**
 * Returns permissions for each of these verbs on each of these kinds.
 *
 * @param namespace default: the whole cluster.
 */
export function permissionsTo(
  kinds: readonly (ManagedKind | WatchedKind)[],
  verbs: readonly Verb[],
  namespace?: string,
): Permission[] {
  return kinds.flatMap((kind) => {
    const where = namespace === undefined || clusterWide.includes(kind) ? {} : { namespace };
    const { group, resource } = isWatched(kind) ? watched[kind] : managed(kind);
    return verbs.map((verb) => ({ group, resource, verb, ...where }));
  });
}

/** Returns the API version of a kind. */
export function apiVersionOf(kind: ManagedKind | WatchedKind): string {
  if (!isWatched(kind)) return apiVersions[kind];
  const { group } = watched[kind];
  return group === "" ? "v1" : `${group}/v1`;
}

function isManaged(kind: string): kind is ManagedKind {
  return Object.hasOwn(plurals, kind);
}

function isWatched(kind: ManagedKind | WatchedKind): kind is WatchedKind {
  return Object.hasOwn(watched, kind);
}

function managed(kind: ManagedKind): ApiResource {
  const [group = "", version] = apiVersions[kind].split("/");
  return { group: version === undefined ? "" : group, resource: plurals[kind] };
}
