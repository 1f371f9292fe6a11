import { type Scope, stackLabel } from "../../catalog/names";
import { sharedKinds } from "../../safety/adoption";
import { listPermissions, type Permission, type Verb } from "../../safety/permissions";
import type { KubernetesObject } from "../lib/objects";

/** The Kubernetes groups that IAM roles are mapped to. */
export const groups = {
  /** May deploy. */
  deploy: "datasets-server:deploy",
  /** May preview, and read no Secret. */
  preview: "datasets-server:preview",
} as const;

const rbac = "rbac.authorization.k8s.io";
const admission = "admissionregistration.k8s.io/v1";

/** What the deploy group's Role and its binding are called in a stack's namespace, and their cluster-wide likes. */
const deployName = "datasets-server-deploy";
const previewName = "datasets-server-preview";

/** What holds in the namespace of a pull request's environment, once it is bound there. */
export const environmentRole = "datasets-server-environment";
/** What holds in the whole cluster for the sake of environments, and the admission policy that limits it. */
const environmentsRole = "datasets-server-environments";

/** The namespaces of environments, as RE2 has it; config/stacks.ts names them. */
const environmentNamespaces = "^datasets-server-pr-[1-9][0-9]{0,5}$";

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
 * Lets the deploy group make environments, each in a namespace of its own, and nothing elsewhere.
 *
 * RBAC can limit the making of namespaces and of bindings by no name, so an admission policy does. What the group may
 * do within an environment it may only once its role is bound there, see environmentObjects: bound in the whole
 * cluster, the same permissions would open every Secret of every namespace.
 *
 * @param permissions what an environment's stack needs.
 */
export function environmentsAccess(permissions: readonly Permission[]): KubernetesObject[] {
  const within = permissions.filter(({ namespace }) => namespace !== undefined);
  const clusterWide = permissions.filter(({ namespace }) => namespace === undefined);
  const bindings = [
    { apiGroups: [rbac], resources: ["rolebindings"], verbs: ["create", "get"] },
    { apiGroups: [rbac], resources: ["clusterroles"], resourceNames: [environmentRole], verbs: ["bind"] },
  ];
  return [
    { apiVersion: `${rbac}/v1`, kind: "ClusterRole", metadata: { name: environmentRole }, rules: policyRules(within) },
    ...clusterRole(environmentsRole, [...policyRules(clusterWide), ...bindings], groups.deploy),
    admissionPolicy,
    {
      apiVersion: admission,
      kind: "ValidatingAdmissionPolicyBinding",
      metadata: { name: environmentsRole },
      spec: { policyName: environmentsRole, validationActions: ["Deny"] },
    },
  ];
}

/** What must be there before the first update of a pull request's stack, for the deploy group to have its permissions. */
export function environmentObjects({ stack, namespace }: Pick<Scope, "stack" | "namespace">): KubernetesObject[] {
  return [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace, labels: { [stackLabel]: stack } } },
    {
      apiVersion: `${rbac}/v1`,
      kind: "RoleBinding",
      metadata: { name: environmentRole, namespace },
      ...binding("ClusterRole", environmentRole, groups.deploy),
    },
  ];
}

const admissionPolicy: KubernetesObject = {
  apiVersion: admission,
  kind: "ValidatingAdmissionPolicy",
  metadata: { name: environmentsRole },
  spec: {
    failurePolicy: "Fail",
    matchConstraints: {
      resourceRules: [
        {
          apiGroups: [""],
          apiVersions: ["*"],
          operations: ["CREATE", "UPDATE", "DELETE"],
          // With its status and its finalizers: those who may write them may empty it.
          resources: ["namespaces", "namespaces/*"],
        },
        {
          apiGroups: [rbac],
          apiVersions: ["*"],
          operations: ["CREATE", "UPDATE", "DELETE"],
          resources: ["rolebindings"],
        },
      ],
    },
    matchConditions: [{ name: "deployers", expression: `'${groups.deploy}' in request.userInfo.groups` }],
    variables: [
      {
        // CEL keeps the word namespace for itself.
        name: "place",
        expression: "request.resource.resource == 'namespaces' ? request.name : request.namespace",
      },
    ],
    validations: [
      {
        expression: `variables.place.matches('${environmentNamespaces}')`,
        message: `${groups.deploy} may make, change and delete namespaces of environments only: datasets-server-pr-<number>`,
      },
      {
        expression: [
          "request.resource.resource != 'rolebindings' || request.operation == 'DELETE'",
          [
            "(object.roleRef.kind == 'ClusterRole'",
            `object.roleRef.name == '${environmentRole}'`,
            "has(object.subjects)",
            `object.subjects.all(subject, subject.kind == 'Group' && subject.name == '${groups.deploy}'))`,
          ].join(" && "),
        ].join(" || "),
        message: `${groups.deploy} may bind ClusterRole ${environmentRole} only, and to itself only`,
      },
    ],
  },
};

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
  const metadata = { name, namespace };
  return [
    { apiVersion: `${rbac}/v1`, kind: "Role", metadata, rules: policyRules(permissions) },
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
