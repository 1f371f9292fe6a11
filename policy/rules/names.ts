import { albAnnotation, albPath } from "../loadBalancer";
import { type Expect, type Rules, repeated } from "../rule";
import type { KubernetesObject } from "../shapes";

/** How long a name may be, and what sets that. */
export interface NameLimit {
  /** Characters. */
  readonly length: number;
  readonly cause: string;
}

const limits: Readonly<Record<string, NameLimit>> = {
  Service: { length: 63, cause: "it is a DNS label" },
  Namespace: { length: 63, cause: "it is a DNS label" },
  CronJob: { length: 52, cause: "its Jobs' names are 11 characters longer" },
  Job: { length: 57, cause: "its pods' names are 6 characters longer" },
  StatefulSet: { length: 52, cause: "its pods' revision label is 11 characters longer" },
  Deployment: { length: 46, cause: "its pods' names are 17 characters longer" },
};

/** Returns how long the name of an object may be. Kubernetes makes names of it that are longer, and at most 63. */
export function nameLimit(kind: string): NameLimit {
  return limits[kind] ?? { length: 253, cause: "it is a DNS name" };
}

const dnsLabel = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/;

const dnsName = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;

const labelValue = /^([A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?)?$/;

export const nameRules = {
  "names-fit": {
    level: "mandatory",
    why: "A name that is too long is refused, or cut off so that two are the same.",
    check: ({ all, workloads, containers, ingresses }, expect) => {
      for (const object of all) {
        expectName(expect, object);
      }
      for (const object of all) {
        expectLabels(expect, object, "metadata.labels", object.metadata.labels);
      }
      for (const { object, labels, path } of workloads) {
        expectLabels(expect, object, `${path}.metadata.labels`, labels);
      }
      for (const { object, container, path } of containers) {
        const isLabel = container.name.length <= 63 && dnsLabel.test(container.name);
        expect(isLabel, object, `${path}.name`, container.name, "use a DNS label of at most 63 characters");
        for (const [index, { name = "" }] of container.ports.entries()) {
          expect(name.length <= 15, object, `${path}.ports[${index}].name`, name, "use at most 15 characters");
        }
      }
      for (const ingress of ingresses) {
        const name = albAnnotation(ingress, "load-balancer-name") ?? "";
        const fix = "shorten it to at most 32 characters: AWS' limit";
        expect(name.length <= 32, ingress, albPath("load-balancer-name"), name, fix);
      }
    },
  },

  "objects-are-unique": {
    level: "mandatory",
    why: "Of two objects with one name the later overwrites the earlier, in silence.",
    check: ({ all }, expect) => {
      const key = ({ kind, metadata }: KubernetesObject) => [kind, metadata.namespace, metadata.name].join("/");
      for (const { item } of repeated(all, key)) {
        const fix = `name it differently: another ${item.kind} has the name`;
        expect(false, item, "metadata.name", item.metadata.name, fix);
      }
    },
  },
} satisfies Rules;

function expectName(expect: Expect, object: KubernetesObject): void {
  const { name } = object.metadata;
  const { length, cause } = nameLimit(object.kind);
  if (name.length > length) {
    const fix = `shorten it from ${name.length} to at most ${length} characters: ${cause}`;
    expect(false, object, "metadata.name", name, fix);
    return;
  }
  const isValid = (length > 63 ? dnsName : dnsLabel).test(name);
  expect(isValid, object, "metadata.name", name, "use lower-case letters, digits and hyphens between them");
}

function expectLabels(
  expect: Expect,
  object: KubernetesObject,
  path: string,
  labels: Readonly<Record<string, string>>,
): void {
  for (const [key, value] of Object.entries(labels)) {
    const isValid = value.length <= 63 && labelValue.test(value);
    const fix = "use at most 63 letters, digits, hyphens, dots and underscores";
    expect(isValid, object, `${path}["${key}"]`, value, fix);
  }
}
