import { type Inventory, objectId, secretKeys } from "../inventory";
import { listed, type Rules } from "../rule";
import type { KubernetesObject } from "../shapes";

/** A place where a pod reads a ConfigMap or Secret: one key of it, or all. */
interface Reference {
  /** The object that makes the pod. */
  readonly object: KubernetesObject;
  readonly kind: "ConfigMap" | "Secret";
  readonly name: string;
  readonly key?: string;
  readonly path: string;
}

export const referenceRules = {
  "references-exist": {
    level: "mandatory",
    why: "A container whose setting, secret or identity is not there never starts.",
    check: (inventory, expect) => {
      const { workloads, statefulSets, configMaps, secrets } = inventory;
      const keys = new Map([
        ...configMaps.map((configMap) => [objectId(configMap), Object.keys(configMap.data)] as const),
        ...secrets.map((secret) => [objectId(secret), secretKeys(secret)] as const),
      ]);
      for (const { object, kind, name, key, path } of references(inventory)) {
        const known = keys.get(`${kind} ${name}`);
        expect(known !== undefined, object, path, name, `make a ${kind} of this name, or name one of the stack's`);
        const isKnown = known === undefined || key === undefined || known.includes(key);
        expect(isKnown, object, path, `${name}/${key}`, `name a key of ${kind} ${name}: ${listed(known ?? [])}`);
      }
      const accounts = inventory.serviceAccounts.map(({ metadata }) => metadata.name);
      for (const { object, pod, path } of workloads) {
        const { serviceAccountName: name } = pod;
        const fix = `name a ServiceAccount of the stack: ${listed(accounts)}`;
        expect(accounts.includes(name), object, `${path}.spec.serviceAccountName`, name, fix);
      }
      const services = inventory.services.map(({ metadata }) => metadata.name);
      for (const object of statefulSets) {
        const { serviceName: name } = object.spec;
        const isKnown = name === undefined || services.includes(name);
        expect(isKnown, object, "spec.serviceName", name, "make a Service of this name");
      }
    },
  },

  "configuration-is-read": {
    level: "advisory",
    why: "A ConfigMap or Secret that no pod reads is a lost reference, or a secret kept for nothing.",
    check: (inventory, expect) => {
      const read = new Set(references(inventory).map(({ kind, name }) => `${kind} ${name}`));
      for (const object of [...inventory.configMaps, ...inventory.secrets]) {
        const fix = "have a pod read it, or remove it";
        expect(read.has(objectId(object)), object, "metadata.name", object.metadata.name, fix);
      }
    },
  },
} satisfies Rules;

/** Lists the places where pods read a ConfigMap or Secret. */
export function references({ workloads, containers }: Inventory): Reference[] {
  return workloads.flatMap((workload) => {
    const { object, pod } = workload;
    const own = containers.filter((container) => container.workload === workload);
    const volumesPath = `${workload.path}.spec.volumes`;
    const found = [
      ...own.flatMap(({ container: { envFrom }, path }) =>
        envFrom.flatMap(({ configMapRef, secretRef }, index) => [
          reference("ConfigMap", configMapRef, `${path}.envFrom[${index}].configMapRef`),
          reference("Secret", secretRef, `${path}.envFrom[${index}].secretRef`),
        ]),
      ),
      ...own.flatMap(({ container: { env }, path }) =>
        env.flatMap(({ valueFrom }, index) => [
          reference("ConfigMap", valueFrom?.configMapKeyRef, `${path}.env[${index}].valueFrom.configMapKeyRef`),
          reference("Secret", valueFrom?.secretKeyRef, `${path}.env[${index}].valueFrom.secretKeyRef`),
        ]),
      ),
      ...pod.volumes.flatMap(({ configMap, secret, projected }, index) => [
        ...sourceReferences(
          { configMap, secret: secret && { name: secret.secretName, items: secret.items } },
          `${volumesPath}[${index}]`,
        ),
        ...(projected?.sources ?? []).flatMap((source, place) =>
          sourceReferences(source, `${volumesPath}[${index}].projected.sources[${place}]`),
        ),
      ]),
    ];
    return found.flat().map((one) => ({ object, ...one }));
  });
}

type Place = Omit<Reference, "object">;

function reference(kind: Reference["kind"], to: { name: string; key?: string } | undefined, path: string): Place[] {
  return to ? [{ kind, ...to, path }] : [];
}

interface Source {
  readonly name: string;
  readonly items: readonly { readonly key: string }[];
}

/** Returns what a volume refers to: the whole object, and each of its keys that is an item. */
function sourceReferences(
  { configMap, secret }: { readonly configMap?: Source | undefined; readonly secret?: Source | undefined },
  path: string,
): Place[] {
  const list = (kind: Reference["kind"], source: Source | undefined, place: string) =>
    source
      ? [
          { kind, name: source.name, path: place },
          ...source.items.map(({ key }, index) => ({ kind, name: source.name, key, path: `${place}.items[${index}]` })),
        ]
      : [];
  return [...list("ConfigMap", configMap, `${path}.configMap`), ...list("Secret", secret, `${path}.secret`)];
}
