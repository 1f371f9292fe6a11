import { ownPrefix } from "../../catalog/names";
import { namespaceLabels } from "../../components/foundation/namespace";
import type { ManagedKind, PlainObject } from "../../components/objects";
import { type Permission, permissionsFor } from "../../safety/permissions";
import type { KubernetesObject } from "../lib/objects";

/** The namespaces of environments, as RE2 has it; config/stacks.ts names them. */
export const environmentNamespaces = "^datasets-server-pr-[1-9][0-9]{0,5}$";

/** One environment, which stands for all: what holds its own name holds each other's in them. */
export interface ExampleEnvironment {
  readonly stack: string;
  readonly namespace: string;
  readonly objects: readonly PlainObject[];
}

export interface AdmissionPolicyArgs {
  readonly name: string;
  /** Whom it holds; it holds nobody else. */
  readonly group: string;
  readonly resources: readonly { readonly group: string; readonly resources: readonly string[] }[];
  readonly operations: readonly ("CREATE" | "UPDATE" | "DELETE")[];
  /** The namespaces it holds the group in, as RE2 has it. Default: all. */
  readonly within?: string;
  readonly variables: Readonly<Record<string, string>>;
  /** What must be so, by what a request is told that does not do it. */
  readonly validations: Readonly<Record<string, string>>;
}

/** Returns an admission policy and what has it deny. */
export function admissionPolicy(args: AdmissionPolicyArgs): KubernetesObject[] {
  const { name, group, resources, operations, within, variables, validations } = args;
  const apiVersion = "admissionregistration.k8s.io/v1";
  return [
    {
      apiVersion,
      kind: "ValidatingAdmissionPolicy",
      metadata: { name },
      spec: {
        failurePolicy: "Fail",
        matchConstraints: {
          resourceRules: resources.map((of) => ({
            apiGroups: [of.group],
            apiVersions: ["*"],
            operations,
            resources: of.resources,
          })),
        },
        matchConditions: [
          { name: "deployers", expression: `'${group}' in request.userInfo.groups` },
          ...(within === undefined
            ? []
            : [{ name: "namespaces", expression: `${requestedNamespace}.matches('${within}')` }]),
        ],
        variables: Object.entries(variables).map(([variable, expression]) => ({ name: variable, expression })),
        validations: Object.entries(validations).map(([message, expression]) => ({ expression, message })),
      },
    },
    {
      apiVersion,
      kind: "ValidatingAdmissionPolicyBinding",
      metadata: { name },
      spec: { policyName: name, validationActions: ["Deny"] },
    },
  ];
}

/**
 * Returns policies that hold what the group makes in environments to what the program makes there: each field, annotation, host,
 * type and image that they allow is one that an object of an environment has.
 *
 * Pod Security, which the namespace's label asks for, sees pods only when a controller makes them. These refuse what would have
 * them made, and what has nothing to do with pods.
 *
 * @param environments enough of them to have one on each load balancer.
 */
export function environmentContents(
  group: string,
  permissions: readonly Permission[],
  environments: readonly ExampleEnvironment[],
): KubernetesObject[] {
  const all = environments.flatMap((environment) => environment.objects.map((object) => marked(object, environment)));
  const inKind = (path: string, ...kinds: readonly ManagedKind[]) =>
    at(
      all.filter((object) => kinds.includes(Object(object).kind)),
      path,
    );
  const policy = (
    what: string,
    resources: AdmissionPolicyArgs["resources"],
    { variables, validations }: Pick<AdmissionPolicyArgs, "variables" | "validations">,
  ) =>
    admissionPolicy({
      name: `datasets-server-environment-${what}`,
      group,
      resources,
      operations: ["CREATE", "UPDATE"],
      within: environmentNamespaces,
      variables: { ...own, ...variables },
      validations: Object.fromEntries(
        Object.entries(validations).map(([text, expression]) => [`in an environment ${group} may ${text}`, expression]),
      ),
    });

  const isFree = (key: string) => [...freeAnnotations].some((prefix) => key.startsWith(prefix));
  const annotations = celValues(
    at(all, "metadata.annotations").map((map) =>
      Object.fromEntries(Object.entries(Object(map)).filter(([key]) => !isFree(key))),
    ),
  );
  const labels = celValues(inKind("metadata.labels", "Namespace"));
  const podKinds = ["Deployment", "Job", "StatefulSet"] as const;
  const pods = inKind("spec.template.spec", ...podKinds);
  const containers = [...at(pods, "containers"), ...at(pods, "initContainers")];
  const claims = [
    ...inKind("spec", "PersistentVolumeClaim"),
    ...inKind("spec.volumeClaimTemplates.spec", "StatefulSet"),
  ];
  const monitors = inKind("spec", "PodMonitor", "ServiceMonitor");
  const podSecurity = Object.entries(namespaceLabels).filter(([label]) => label.startsWith("pod-security."));

  return [
    ...policy("annotations", [{ group: "", resources: ["namespaces"] }, ...madeResources(permissions)], {
      variables: {
        ...changedIn("annotations"),
        allowed: annotations.texts,
        numbers: annotations.numbers,
      },
      validations: {
        "annotate only as the program does": lines(
          "variables.changed.all(key,",
          ...freeAnnotations.map((prefix) => `  key.startsWith(${celValue(prefix)}) ||`),
          "  (key in variables.allowed && variables.after[key] in variables.allowed[key]) ||",
          "  (key in variables.numbers && variables.after[key].matches('^-?[0-9]+$')))",
        ),
      },
    }),
    ...policy("namespaces", [{ group: "", resources: ["namespaces"] }], {
      variables: { ...changedIn("labels"), allowed: labels.texts, required: celValue(namespaceLabels) },
      validations: {
        [`leave no namespace without ${Object.entries(namespaceLabels)
          .map((label) => label.join("="))
          .join(" and ")}`]:
          "variables.required.all(key, key in variables.after && variables.after[key] == variables.required[key])",
        "label a namespace only as the program does": lines(
          "variables.changed.all(key, key == 'kubernetes.io/metadata.name' ||",
          "  (key in variables.allowed && variables.after[key] in variables.allowed[key]))",
        ),
      },
    }),
    ...policy("pods", resourcesOf(podKinds), {
      variables: {
        pod: "object.spec.template.spec",
        podFields: fields(pods, filledIn.pod),
        podSecurity: celList(at(pods, "securityContext")),
        serviceAccounts: celList(at(pods, "serviceAccountName")),
        volumes: "has(variables.pod.volumes) ? variables.pod.volumes : []",
        volumeFields: fields(at(pods, "volumes")),
        containers:
          "variables.pod.containers + (has(variables.pod.initContainers) ? variables.pod.initContainers : [])",
        containerFields: fields(containers, filledIn.container),
        containerSecurity: celList(at(containers, "securityContext")),
        repositories: celList(at(containers, "image").map((image) => String(image).replace(/(:[^/:@]+)?(@.*)?$/, ""))),
        metadata: "has(object.spec.template.metadata) ? object.spec.template.metadata : {}",
        annotations: "has(variables.metadata.annotations) ? variables.metadata.annotations : {}",
      },
      validations: {
        "run pods only where the namespace asks for Pod Security": podSecurity
          .map(([label, level]) => `namespaceObject.metadata.labels[${celValue(label)}] == ${celValue(level)}`)
          .join(" && "),
        "set only those fields of pods that the program sets: nothing of the host, no other nodes, no priority":
          "variables.pod.all(field, field in variables.podFields)",
        "set only those fields of containers that the program sets":
          "variables.containers.all(container, container.all(field, field in variables.containerFields))",
        "run pods only with the program's security contexts": lines(
          "has(variables.pod.securityContext) && variables.pod.securityContext in variables.podSecurity &&",
          "variables.containers.all(container,",
          "  has(container.securityContext) && container.securityContext in variables.containerSecurity)",
        ),
        "run pods only with the environment's service account":
          "has(variables.pod.serviceAccountName) && variables.pod.serviceAccountName in variables.serviceAccounts",
        "give pods only volumes of the sorts that the program gives them":
          "variables.volumes.all(volume, volume.all(field, field in variables.volumeFields))",
        "run only the program's images": lines(
          "variables.containers.all(container, variables.repositories.exists(repository,",
          "  container.image.startsWith(repository + ':') || container.image.startsWith(repository + '@')))",
        ),
        "annotate pods only as the program does, and with the time of a restart": lines(
          "variables.annotations.all(key,",
          `  key == 'kubectl.kubernetes.io/restartedAt' || key.startsWith(${celValue(`${ownPrefix}/`)}))`,
        ),
      },
    }),
    ...policy("services", resourcesOf(["Service"]), {
      variables: {
        fields: fields(inKind("spec", "Service"), filledIn.service),
        types: celList(inKind("spec.type", "Service")),
      },
      validations: {
        "make only Services of the types that the program makes": "object.spec.type in variables.types",
        "set only those fields of a Service that the program sets: no addresses and no names of others":
          "object.spec.all(field, field in variables.fields)",
      },
    }),
    ...policy("ingresses", resourcesOf(["Ingress"]), {
      variables: {
        fields: fields(inKind("spec", "Ingress")),
        classes: celList(inKind("spec.ingressClassName", "Ingress")),
        hosts: celList(inKind("spec.rules.host", "Ingress")),
        rules: "has(object.spec.rules) ? object.spec.rules : []",
        tls: "has(object.spec.tls) ? object.spec.tls : []",
      },
      validations: {
        "set only those fields of an Ingress that the program sets": lines(
          "object.spec.all(field, field in variables.fields) &&",
          "has(object.spec.ingressClassName) && object.spec.ingressClassName in variables.classes",
        ),
        "answer for the environment's own host only": lines(
          "variables.rules.all(rule, has(rule.host) && rule.host in variables.hosts) &&",
          "variables.tls.all(entry, has(entry.hosts) && entry.hosts.all(host, host in variables.hosts))",
        ),
      },
    }),
    ...policy("secrets", resourcesOf(["Secret"]), {
      variables: { types: celList(inKind("type", "Secret")) },
      validations: { "make only Secrets of the types that the program makes": "object.type in variables.types" },
    }),
    ...policy("claims", resourcesOf(["PersistentVolumeClaim", "StatefulSet"]), {
      variables: {
        claims: lines(
          "request.resource.resource == 'persistentvolumeclaims' ? [object] :",
          "  (has(object.spec.volumeClaimTemplates) ? object.spec.volumeClaimTemplates : [])",
        ),
        fields: fields(claims, filledIn.claim),
        // The volume that a controller has bound it to stays.
        isBound: "oldObject != null && has(oldObject.spec.volumeName)",
      },
      validations: {
        "claim volumes only by those fields that the program sets: no volume and no snapshot of others": lines(
          "variables.claims.all(claim, claim.spec.all(field,",
          "  field in variables.fields || (field == 'volumeName' && variables.isBound)))",
        ),
      },
    }),
    ...policy("monitors", resourcesOf(["PodMonitor", "ServiceMonitor"]), {
      variables: {
        fields: fields(monitors),
        places: celList(at(monitors, "namespaceSelector")),
        endpoints: lines(
          "(has(object.spec.endpoints) ? object.spec.endpoints : []) +",
          "(has(object.spec.podMetricsEndpoints) ? object.spec.podMetricsEndpoints : [])",
        ),
        endpointFields: fields([...at(monitors, "endpoints"), ...at(monitors, "podMetricsEndpoints")]),
      },
      validations: {
        "have Prometheus ask only the environment's own pods": lines(
          "object.spec.all(field, field in variables.fields) &&",
          "has(object.spec.namespaceSelector) && object.spec.namespaceSelector in variables.places",
        ),
        "have Prometheus send nothing of its own along":
          "variables.endpoints.all(endpoint, endpoint.all(field, field in variables.endpointFields))",
      },
    }),
  ];
}

/** What starts the names of annotations that mean nothing to the cluster. */
const freeAnnotations = ["pulumi.com/", `${ownPrefix}/`] as const;

/** Fields that the API server fills in by itself. */
const filledIn = {
  pod: ["dnsPolicy", "schedulerName", "serviceAccount"],
  container: ["terminationMessagePath"],
  service: ["clusterIPs", "internalTrafficPolicy", "ipFamilies", "ipFamilyPolicy", "sessionAffinity"],
  claim: ["volumeMode"],
} as const;

/** The labels or annotations that a request sets: what was there before stays, also what a controller has put there. */
function changedIn(field: "annotations" | "labels"): Record<string, string> {
  return {
    before: `oldObject != null && has(oldObject.metadata.${field}) ? oldObject.metadata.${field} : {}`,
    after: `has(object.metadata.${field}) ? object.metadata.${field} : {}`,
    changed: lines(
      "variables.after.map(key, key).filter(key,",
      "  !(key in variables.before) || variables.before[key] != variables.after[key])",
    ),
  };
}

function resourcesOf(kinds: readonly ManagedKind[]): AdmissionPolicyArgs["resources"] {
  return madeResources(permissionsFor(kinds, ""));
}

/** The resources that these permissions allow to make. */
function madeResources(permissions: readonly Permission[]): AdmissionPolicyArgs["resources"] {
  const made = permissions.filter(({ verb, namespace }) => verb === "create" && namespace !== undefined);
  return [...new Set(made.map(({ group }) => group))].map((group) => ({
    group,
    resources: made.filter((permission) => permission.group === group).map(({ resource }) => resource),
  }));
}

/** The namespace that a request is about, in CEL. */
export const requestedNamespace = "(request.resource.resource == 'namespaces' ? request.name : request.namespace)";

/** The environment of a request: its own names are part of its objects' names, hosts and labels. */
const own = { environment: requestedNamespace, stack: `${requestedNamespace}.replace('datasets-server-', '')` };

/** What stands in an object for the names of its environment. */
const marks = { environment: "<environment>", stack: "<stack>" };

/** Returns an object with the names of its environment marked, so that those of all environments are the same. */
function marked(object: PlainObject, { namespace, stack }: ExampleEnvironment): unknown {
  const text = JSON.stringify(object);
  return JSON.parse(text.replaceAll(namespace, marks.environment).replaceAll(`"${stack}"`, `"${marks.stack}"`));
}

/** Returns a value as CEL has it, with variables in the place of marks. */
function celValue(value: unknown): string {
  if (typeof value === "string") {
    const pieces = value.split(/(<environment>|<stack>)/).filter((piece) => piece !== "");
    const texts = pieces.map((piece) => {
      if (piece === marks.environment) return "variables.environment";
      return piece === marks.stack ? "variables.stack" : JSON.stringify(piece);
    });
    return texts.join(" + ") || '""';
  }
  if (Array.isArray(value)) return `[${value.map(celValue).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  // A map's values are all of one type, or of none.
  const isMixed = new Set(Object.values(value).map((inner) => typeof inner)).size > 1;
  const entries = Object.entries(value).map(([key, inner]) => {
    const text = celValue(inner);
    return `${JSON.stringify(key)}: ${isMixed ? `dyn(${text})` : text}`;
  });
  return `{${entries.join(", ")}}`;
}

/** Returns a list in CEL, each value once. */
function celList(values: readonly unknown[]): string {
  return `[${[...new Set(values.map(celValue))].sort().join(", ")}]`;
}

/** Returns what is at a path in these values; a list stands for each of its items. */
function at(values: readonly unknown[], path: string): readonly unknown[] {
  return path.split(".").reduce<readonly unknown[]>(
    (found, key) =>
      found.flatMap((each): unknown[] => {
        const inner = new Map(Object.entries(Object(each))).get(key) ?? [];
        return Array.isArray(inner) ? inner : [inner];
      }),
    values,
  );
}

/** Returns the names of the fields of these objects, and of those that the API server fills in. */
function fields(objects: readonly unknown[], filledIn: readonly string[] = []): string {
  return celList([...objects.flatMap((each) => Object.keys(Object(each))), ...filledIn]);
}

/** Returns the values of labels or annotations by key, in CEL; a number that differs between objects may be any number. */
function celValues(maps: readonly unknown[]): { readonly texts: string; readonly numbers: string } {
  const byKey = new Map<string, Set<unknown>>();
  for (const [key, value] of maps.flatMap((map) => Object.entries(Object(map)))) {
    byKey.set(key, (byKey.get(key) ?? new Set()).add(value));
  }
  const isNumber = (values: ReadonlySet<unknown>) =>
    values.size > 1 && [...values].every((value) => /^-?\d+$/.test(String(value)));
  const keys = [...byKey].sort(([a], [b]) => (a < b ? -1 : 1));
  const rows = keys
    .filter(([, values]) => !isNumber(values))
    .map(([key, values]) => `  ${JSON.stringify(key)}: ${celList([...values])}`);
  return {
    texts: `{\n${rows.join(",\n")}\n}`,
    numbers: celList(keys.filter(([, values]) => isNumber(values)).map(([key]) => key)),
  };
}

function lines(...texts: readonly string[]): string {
  return texts.join("\n");
}
