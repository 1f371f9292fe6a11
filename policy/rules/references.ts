import { absent, containersOf, type Inventory, secretKeys, type Workload } from "../inventory";
import type { Container, Volume } from "../podShapes";
import { finding, type Rule } from "../rule";
import type { KubernetesObject } from "../shapes";

type SourceKind = "ConfigMap" | "Secret";

/** A place where a pod reads a ConfigMap or Secret: one key of it, or all. */
interface Reference {
  readonly kind: SourceKind;
  readonly name: string;
  readonly key?: string;
  readonly path: string;
}

export const referencesExist: Rule = {
  level: "mandatory",
  why: "A container whose setting, secret or identity is not there never starts.",
  check: (inventory) => [
    ...inventory.workloads.flatMap((workload) => missingSources(inventory, workload)),
    ...missingNames(inventory),
  ],
};

export const configurationIsRead: Rule = {
  level: "advisory",
  why: "A ConfigMap or Secret that nobody reads is a reference that somebody lost, or a secret kept for nothing.",
  check: ({ workloads, configMaps, secrets }) => {
    const read = new Set(workloads.flatMap(references).map(({ kind, name }) => `${kind} ${name}`));
    return [...configMaps, ...secrets]
      .filter(({ kind, metadata }) => !read.has(`${kind} ${metadata.name}`))
      .map((object) => finding(object, "metadata.name", object.metadata.name, "have a pod read it, or remove it"));
  },
};

function missingSources({ configMaps, secrets }: Inventory, workload: Workload) {
  const keys: Readonly<Record<SourceKind, ReadonlyMap<string, readonly string[]>>> = {
    ConfigMap: new Map(configMaps.map(({ metadata, data }) => [metadata.name, Object.keys(data)])),
    Secret: new Map(secrets.map((secret) => [secret.metadata.name, secretKeys(secret)])),
  };
  return references(workload).flatMap(({ kind, name, key, path }) => {
    const known = keys[kind].get(name);
    if (known === undefined) {
      return [finding(workload.object, path, name, `make a ${kind} of this name, or name one of the stack's`)];
    }
    return key === undefined || known.includes(key)
      ? []
      : [finding(workload.object, path, `${name}/${key}`, `name a key of ${kind} ${name}: ${known.join(", ")}`)];
  });
}

/** Names of other objects, for each of which there is one place only. */
function missingNames({ workloads, statefulSets, serviceAccounts, services }: Inventory) {
  const names = (objects: readonly KubernetesObject[]) => objects.map(({ metadata }) => metadata.name);
  const accounts = names(serviceAccounts);
  return [
    ...workloads
      .filter(({ template }) => !accounts.includes(template.spec.serviceAccountName))
      .map(({ object, template, specPath }) => {
        const cure = `name a ServiceAccount of the stack: ${accounts.join(", ") || absent}`;
        return finding(object, `${specPath}.serviceAccountName`, template.spec.serviceAccountName, cure);
      }),
    ...statefulSets
      .filter(({ spec }) => spec.serviceName !== undefined && !names(services).includes(spec.serviceName))
      .map((object) => finding(object, "spec.serviceName", object.spec.serviceName, "make a Service of this name")),
  ];
}

function references(workload: Workload): Reference[] {
  const { template, specPath } = workload;
  return [
    ...containersOf(workload).flatMap(({ container, path }) => containerReferences(container, path)),
    ...template.spec.volumes.flatMap((volume, index) => volumeReferences(volume, `${specPath}.volumes[${index}]`)),
  ];
}

function containerReferences({ env, envFrom }: Container, path: string): Reference[] {
  return [
    ...envFrom.flatMap(({ configMapRef, secretRef }, index) => [
      ...(configMapRef ? [whole("ConfigMap", configMapRef.name, `${path}.envFrom[${index}].configMapRef`)] : []),
      ...(secretRef ? [whole("Secret", secretRef.name, `${path}.envFrom[${index}].secretRef`)] : []),
    ]),
    ...env.flatMap(({ valueFrom: { configMapKeyRef, secretKeyRef } = {} }, index) => {
      const place = `${path}.env[${index}].valueFrom`;
      return [
        ...(configMapKeyRef
          ? [{ kind: "ConfigMap" as const, ...configMapKeyRef, path: `${place}.configMapKeyRef` }]
          : []),
        ...(secretKeyRef ? [{ kind: "Secret" as const, ...secretKeyRef, path: `${place}.secretKeyRef` }] : []),
      ];
    }),
  ];
}

function volumeReferences({ configMap, secret, projected }: Volume, path: string): Reference[] {
  const fromSecret = secret && { name: secret.secretName, items: secret.items };
  return [
    ...sourceReferences({ configMap, secret: fromSecret }, path),
    ...(projected?.sources ?? []).flatMap((source, index) =>
      sourceReferences(source, `${path}.projected.sources[${index}]`),
    ),
  ];
}

interface Source {
  readonly name: string;
  readonly items: readonly { readonly key: string }[];
}

function sourceReferences(
  sources: { readonly configMap?: Source | undefined; readonly secret?: Source | undefined },
  path: string,
): Reference[] {
  const list = (kind: SourceKind, source: Source | undefined, place: string): Reference[] =>
    source
      ? [
          whole(kind, source.name, place),
          ...source.items.map(({ key }, index) => ({ kind, name: source.name, key, path: `${place}.items[${index}]` })),
        ]
      : [];
  return [
    ...list("ConfigMap", sources.configMap, `${path}.configMap`),
    ...list("Secret", sources.secret, `${path}.secret`),
  ];
}

function whole(kind: SourceKind, name: string, path: string): Reference {
  return { kind, name, path };
}
