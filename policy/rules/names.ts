import { containersOf, type Inventory } from "../inventory";
import { albAnnotation, albPrefix } from "../loadBalancer";
import { type Finding, finding, type Rule, repeated } from "../rule";
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

/** How long the name of an object of this kind may be. Kubernetes makes names of it that are longer, and at most 63. */
export function nameLimit(kind: string): NameLimit {
  return limits[kind] ?? { length: 253, cause: "it is a DNS name" };
}

const dnsLabel = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/;

const dnsName = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;

const labelValue = /^([A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?)?$/;

export const namesFit: Rule = {
  level: "mandatory",
  why: "A name that is too long is refused, or cut off so that two are the same.",
  check: (inventory) => [
    ...inventory.all.flatMap(objectName),
    ...inventory.all.flatMap((object) => labelValues(object, "metadata.labels", object.metadata.labels)),
    ...inventory.workloads.flatMap(({ object, template, specPath }) =>
      labelValues(object, specPath.replace(/spec$/, "metadata.labels"), template.metadata.labels),
    ),
    ...containerNames(inventory),
    ...loadBalancerNames(inventory),
  ],
};

export const objectsAreUnique: Rule = {
  level: "mandatory",
  why: "Of two objects with one name the later overwrites the earlier, in silence.",
  check: ({ all }) =>
    repeated(all, ({ kind, metadata }) => [kind, metadata.namespace, metadata.name].join("/")).map((object) =>
      finding(
        object,
        "metadata.name",
        object.metadata.name,
        `name it differently: another ${object.kind} has the name`,
      ),
    ),
};

function objectName(object: KubernetesObject): Finding[] {
  const { kind, metadata } = object;
  const { length, cause } = nameLimit(kind);
  const isValid = (length > 63 ? dnsName : dnsLabel).test(metadata.name);
  if (metadata.name.length > length) {
    const cure = `shorten it from ${metadata.name.length} to at most ${length} characters: ${cause}`;
    return [finding(object, "metadata.name", metadata.name, cure)];
  }
  return isValid
    ? []
    : [finding(object, "metadata.name", metadata.name, "use lower-case letters, digits and hyphens between them")];
}

function labelValues(object: KubernetesObject, path: string, labels: Readonly<Record<string, string>>): Finding[] {
  return Object.entries(labels)
    .filter(([, value]) => value.length > 63 || !labelValue.test(value))
    .map(([key, value]) =>
      finding(object, `${path}["${key}"]`, value, "use at most 63 letters, digits, hyphens, dots and underscores"),
    );
}

function containerNames({ workloads }: Inventory): Finding[] {
  return workloads.flatMap((workload) =>
    containersOf(workload).flatMap(({ container, path }) => [
      ...(container.name.length > 63 || !dnsLabel.test(container.name)
        ? [finding(workload.object, `${path}.name`, container.name, "use a DNS label of at most 63 characters")]
        : []),
      ...container.ports.flatMap(({ name = "" }, index) =>
        name.length > 15
          ? [finding(workload.object, `${path}.ports[${index}].name`, name, "use at most 15 characters")]
          : [],
      ),
    ]),
  );
}

function loadBalancerNames({ ingresses }: Inventory): Finding[] {
  return ingresses.flatMap((ingress) => {
    const name = albAnnotation(ingress, "load-balancer-name") ?? "";
    const path = `metadata.annotations["${albPrefix}load-balancer-name"]`;
    return name.length > 32 ? [finding(ingress, path, name, "shorten it to at most 32 characters: AWS' limit")] : [];
  });
}
