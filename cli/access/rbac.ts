import { type Scope, stackLabel } from "../../catalog/names";
import { namespaceLabels } from "../../components/foundation/namespace";
import type { PlainObject } from "../../components/objects";
import { sharedKinds } from "../../safety/adoption";
import { kindsBeside, listPermissions, type Permission, permissionsTo, type Verb } from "../../safety/permissions";
import type { KubernetesObject } from "../lib/objects";
import {
  admissionPolicy,
  type ExampleEnvironment,
  environmentContents,
  environmentNamespaces,
  requestedNamespace,
} from "./admission";

/** The Kubernetes groups that IAM roles are mapped to. */
export const groups = {
  /** May deploy. */
  deploy: "datasets-server:deploy",
  /** May preview, and read no Secret. */
  preview: "datasets-server:preview",
  /** May compare what is there with what was deployed, the stack's own Secrets included, and write nothing. */
  drift: "datasets-server:drift",
  /** May look around: at all but Secrets, and at logs. */
  look: "datasets-server:look",
  /** May also run commands in pods, and forward their ports: whoever may, can read what the pods can. */
  exec: "datasets-server:exec",
} as const;

const rbac = "rbac.authorization.k8s.io";

/** What the deploy group's Role and its binding are called in a stack's namespace, and their cluster-wide likes. */
const deployName = "datasets-server-deploy";
const previewName = "datasets-server-preview";
const driftName = "datasets-server-drift";
/** These two are ClusterRoles that count only where they are bound. */
const lookRole = "datasets-server-look";
const execRole = "datasets-server-exec";
/** What those who look may see of the whole cluster. */
const lookAroundRole = "datasets-server-look-around";

/** What is called so in a stack's namespace gives permissions to people and CI, and is an administrator's. */
export const grantNames = [
  deployName,
  previewName,
  driftName,
  lookRole,
  execRole,
  "datasets-server-environment",
].flatMap((name) => [`Role ${name}`, `RoleBinding ${name}`]);

/** What holds in the namespace of a pull request's environment, once it is bound there. */
export const environmentRole = "datasets-server-environment";
/** What holds in the whole cluster for the sake of environments, and the admission policy that limits it. */
const environmentsRole = "datasets-server-environments";

/** Gives the deploy group exactly these permissions. */
export function deployAccess(permissions: readonly Permission[]): KubernetesObject[] {
  const inNamespaces = new Set(permissions.flatMap(({ namespace }) => namespace ?? []));
  const clusterWide = permissions.filter(({ namespace }) => namespace === undefined);
  return [
    ...[...inNamespaces].flatMap((namespace) => {
      const own = permissions.filter((permission) => permission.namespace === namespace);
      return roleInNamespace(deployName, namespace, own, groups.deploy);
    }),
    ...(clusterWide.length > 0 ? clusterRole(deployName, policyRules(clusterWide), groups.deploy) : []),
  ];
}

/**
 * Lets the preview group look at what a stack with these permissions has in its namespace, its Secrets left out, and find what a
 * Helm release or another stack has there.
 */
export function previewAccess(permissions: readonly Permission[], namespace: string): KubernetesObject[] {
  const readable = permissions.filter(
    (permission) =>
      permission.verb === "get" && permission.namespace === namespace && permission.resource !== "secrets",
  );
  const kinds = sharedKinds.map(({ kind }) => kind);
  return roleInNamespace(previewName, namespace, [...readable, ...listPermissions(kinds, namespace)], groups.preview);
}

/**
 * Lets the drift group look at what a stack has and at what is beside it, and write nothing. Of Secrets it reads the stack's own
 * and no others.
 */
export function driftAccess(
  permissions: readonly Permission[],
  objects: readonly PlainObject[],
  namespace: string,
): KubernetesObject[] {
  const secrets = objects.filter(({ kind }) => kind === "Secret").map(({ metadata }) => metadata.name);
  // Events are for what an update waits for. Of Secrets it may read those that are the stack's.
  const readable = permissions.filter(
    ({ verb, resource, ...where }) =>
      ["get", "list"].includes(verb) && where.namespace === namespace && !["events", "secrets"].includes(resource),
  );
  const listed = listPermissions(kindsBeside, namespace);
  const rules = [
    ...policyRules([...readable, ...listed]),
    { apiGroups: [""], resources: ["secrets"], resourceNames: [...new Set(secrets)].sort(), verbs: ["get"] },
  ];
  return roleWithRules(driftName, namespace, rules, groups.drift);
}

/** Lets those who look around do so in a stack's namespace and see where its pods run; exec is for another group. */
export function lookAccess(namespace: string): KubernetesObject[] {
  const kinds = permissionsTo([...kindsBeside, "Endpoints", "Event"], ["get", "list", "watch"]);
  const logs = { apiGroups: [""], resources: ["pods/log"], verbs: ["get"] };
  const usage = { apiGroups: ["metrics.k8s.io"], resources: ["pods"], verbs: ["get", "list"] };
  const exec = { apiGroups: [""], resources: ["pods/exec", "pods/portforward"], verbs: ["create", "get"] };
  const around = permissionsTo(["Ingress", "Namespace", "Node", "PersistentVolume"], ["get", "list", "watch"]);
  // For ds doctor, which compares these with what they should be.
  const grants = [
    { apiGroups: [rbac], resources: ["clusterrolebindings", "clusterroles"], verbs: ["get"] },
    {
      apiGroups: ["admissionregistration.k8s.io"],
      resources: ["validatingadmissionpolicies", "validatingadmissionpolicybindings"],
      verbs: ["get"],
    },
  ];
  const role = (name: string, rules: readonly PolicyRule[]) => ({
    ...{ apiVersion: `${rbac}/v1`, kind: "ClusterRole", metadata: { name }, rules },
  });
  return [
    role(lookRole, [...policyRules(kinds), logs, usage]),
    role(execRole, [...policyRules(permissionsTo(["Pod"], ["get", "list"])), exec]),
    ...bindings(namespace),
    ...clusterRole(lookAroundRole, [...policyRules(around), ...grants], groups.look),
  ];
}

/** Binds the roles of those who look to their groups in a namespace. */
function bindings(namespace: string): KubernetesObject[] {
  return [
    { name: lookRole, group: groups.look },
    { name: execRole, group: groups.exec },
  ].map(({ name, group }) => ({
    apiVersion: `${rbac}/v1`,
    kind: "RoleBinding",
    metadata: { name, namespace },
    ...binding("ClusterRole", name, group),
  }));
}

/**
 * Lets the deploy group make environments, each in a namespace of its own, and nothing elsewhere.
 *
 * RBAC can limit the making of namespaces and of bindings by no name, so an admission policy does. What the group may
 * do within an environment it may only once its role is bound there, see environmentObjects: bound in the whole
 * cluster, the same permissions would open every Secret of every namespace.
 *
 * @param permissions what an environment's stack needs.
 * @param examples what they may be made of: enough of them to have one on each load balancer.
 */
export function environmentsAccess(
  permissions: readonly Permission[],
  examples: readonly ExampleEnvironment[],
): KubernetesObject[] {
  const within = permissions.filter(({ namespace }) => namespace !== undefined);
  const clusterWide = permissions.filter(({ namespace }) => namespace === undefined);
  const bindings = [
    { apiGroups: [rbac], resources: ["rolebindings"], verbs: ["create", "get"] },
    {
      apiGroups: [rbac],
      resources: ["clusterroles"],
      resourceNames: [environmentRole, lookRole, execRole],
      verbs: ["bind"],
    },
  ];
  return [
    { apiVersion: `${rbac}/v1`, kind: "ClusterRole", metadata: { name: environmentRole }, rules: policyRules(within) },
    ...clusterRole(environmentsRole, [...policyRules(clusterWide), ...bindings], groups.deploy),
    ...environmentPlaces,
    ...environmentContents(groups.deploy, within, examples),
  ];
}

/** What must be there before the first update of a pull request's stack, for the deploy group to have its permissions. */
export function environmentObjects({ stack, namespace }: Pick<Scope, "stack" | "namespace">): KubernetesObject[] {
  return [
    {
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name: namespace, labels: { [stackLabel]: stack, ...namespaceLabels } },
    },
    {
      apiVersion: `${rbac}/v1`,
      kind: "RoleBinding",
      metadata: { name: environmentRole, namespace },
      ...binding("ClusterRole", environmentRole, groups.deploy),
    },
    ...bindings(namespace),
  ];
}

/** Where the group may do what environments need. A policy alone can tell the names of namespaces. */
const environmentPlaces = admissionPolicy({
  name: environmentsRole,
  group: groups.deploy,
  // With the status and the finalizers of a namespace: those who may write them may empty it.
  resources: [
    { group: "", resources: ["namespaces", "namespaces/*"] },
    { group: rbac, resources: ["rolebindings"] },
  ],
  operations: ["CREATE", "UPDATE", "DELETE"],
  variables: {
    environment: requestedNamespace,
    groups: JSON.stringify({ [environmentRole]: groups.deploy, [lookRole]: groups.look, [execRole]: groups.exec }),
  },
  validations: {
    [`${groups.deploy} may make, change and delete namespaces of environments only: datasets-server-pr-<number>`]: `variables.environment.matches('${environmentNamespaces}')`,
    [`${groups.deploy} may bind ClusterRole ${environmentRole} to itself only, and those of who looks to their groups only`]:
      [
        "request.resource.resource != 'rolebindings' || request.operation == 'DELETE' ||",
        "  (object.roleRef.kind == 'ClusterRole' && object.roleRef.name in variables.groups && has(object.subjects) &&",
        "  object.subjects.all(subject, subject.kind == 'Group' && subject.name == variables.groups[object.roleRef.name]))",
      ].join("\n"),
  },
});

interface PolicyRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

/** A Role's rules: one for all resources of an API group with the same verbs. */
function policyRules(permissions: readonly Permission[]): PolicyRule[] {
  const verbs = new Map<string, { group: string; resource: string; verbs: Set<Verb> }>();
  for (const { group, resource, verb } of permissions) {
    const key = `${group}/${resource}`;
    const known = verbs.get(key) ?? { group, resource, verbs: new Set() };
    verbs.set(key, { ...known, verbs: known.verbs.add(verb) });
  }
  const rules = new Map<string, PolicyRule>();
  for (const { group, resource, verbs: allowed } of verbs.values()) {
    const key = [group, ...[...allowed].sort()].join(" ");
    const resources = [...(rules.get(key)?.resources ?? []), resource].sort();
    rules.set(key, { apiGroups: [group], resources, verbs: [...allowed].sort() });
  }
  return [...rules.values()];
}

function roleInNamespace(
  name: string,
  namespace: string,
  permissions: readonly Permission[],
  group: string,
): KubernetesObject[] {
  return roleWithRules(name, namespace, policyRules(permissions), group);
}

function roleWithRules(
  name: string,
  namespace: string,
  rules: readonly PolicyRule[],
  group: string,
): KubernetesObject[] {
  const metadata = { name, namespace };
  return [
    { apiVersion: `${rbac}/v1`, kind: "Role", metadata, rules },
    { apiVersion: `${rbac}/v1`, kind: "RoleBinding", metadata, ...binding("Role", name, group) },
  ];
}

function clusterRole(name: string, rules: readonly PolicyRule[], group: string): KubernetesObject[] {
  const metadata = { name };
  return [
    { apiVersion: `${rbac}/v1`, kind: "ClusterRole", metadata, rules },
    { apiVersion: `${rbac}/v1`, kind: "ClusterRoleBinding", metadata, ...binding("ClusterRole", name, group) },
  ];
}

function binding(kind: "Role" | "ClusterRole", name: string, group: string) {
  return {
    roleRef: { apiGroup: rbac, kind, name },
    subjects: [{ apiGroup: rbac, kind: "Group", name: group }],
  };
}
