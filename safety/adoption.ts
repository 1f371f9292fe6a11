import type { KubernetesObject, V1ManagedFieldsEntry, V1ObjectMeta } from "@kubernetes/client-node";
import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { forceAnnotation, helmLabels, type Scope, scaledByAnnotation, stackLabel } from "../catalog/names";
import type { LiveObjects, ObjectKind } from "../cluster/liveObjects";
import { pulumiManager } from "../cluster/managedFields";
import { UserError } from "../cluster/userError";
import type { ManagedKind } from "../components/objects";

/** A release of the Helm chart in a namespace. */
interface HelmRelease {
  readonly name: string;
  readonly namespace: string;
}

/** What a run adopts, and how. */
export interface Adoption {
  /** The live objects, each by its kind and name. */
  readonly objects: ReadonlyMap<string, KubernetesObject>;
  /** Leaves Pulumi as the one owner of an object's fields, when it has registered the object. */
  readonly afterCreate: pulumi.ResourceHook;
}

/** The kinds that both the chart and this program have, each with the fields of its spec that others fill in. */
export const sharedKinds: readonly (ObjectKind & {
  readonly kind: ManagedKind;
  readonly filledIn: readonly string[];
})[] = [
  { apiVersion: "apps/v1", kind: "Deployment", filledIn: [] },
  { apiVersion: "autoscaling/v2", kind: "HorizontalPodAutoscaler", filledIn: [] },
  { apiVersion: "batch/v1", kind: "CronJob", filledIn: [] },
  { apiVersion: "monitoring.coreos.com/v1", kind: "PodMonitor", filledIn: [] },
  { apiVersion: "monitoring.coreos.com/v1", kind: "ServiceMonitor", filledIn: [] },
  { apiVersion: "networking.k8s.io/v1", kind: "Ingress", filledIn: [] },
  { apiVersion: "policy/v1", kind: "PodDisruptionBudget", filledIn: [] },
  // Its address: left out by a later update, Pulumi would delete and recreate the Service.
  { apiVersion: "v1", kind: "Service", filledIn: ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"] },
  { apiVersion: "v1", kind: "ServiceAccount", filledIn: [] },
];

/** Annotations that controllers keep up to date, or that record how an object was applied before. */
const othersAnnotations = ["deployment.kubernetes.io/revision", "kubectl.kubernetes.io/last-applied-configuration"];

const texts = z.record(z.string(), z.string()).default({});
const metadata = z.looseObject({ name: z.string(), labels: texts, annotations: texts });
const spec = z.record(z.string(), z.unknown()).optional();
const inputsShape = z.looseObject({ kind: z.string(), metadata, spec });
const liveShape = z.looseObject({ apiVersion: z.string(), kind: z.string(), metadata, spec });

/** The arguments of an object as its constructor was given them. */
type ObjectInputs = z.infer<typeof inputsShape>;

/**
 * Returns what a run adopts of the Helm release whose names the stack keeps: if permitted all of its objects, otherwise none.
 *
 * Throws a UserError when adoption is permitted and there is nothing to adopt, and when it is not permitted and there are objects
 * that are not the stack's yet: the run would fail at the first of them, half-way.
 */
export async function findAdoption(live: LiveObjects, scope: Scope, permitted: boolean): Promise<Adoption | undefined> {
  const { stack, namespace, helmRelease } = scope;
  if (helmRelease === undefined) {
    return undefined;
  }
  const release = { name: helmRelease, namespace };
  const lists = await Promise.all(sharedKinds.map((kind) => live.list(kind, namespace, helmLabels(helmRelease))));
  const objects = lists.flat().filter(({ metadata }) => isOfRelease(metadata, release));
  if (!permitted) {
    requireAdopted(objects, scope);
    return undefined;
  }
  if (objects.length === 0) {
    throw new UserError(
      `namespace ${namespace} has no object of Helm release ${helmRelease}, so there is nothing to adopt; no changes were made`,
      `see what is there: kubectl get deployments --show-labels --namespace ${namespace}`,
    );
  }
  return {
    objects: new Map(objects.map((object) => [objectKey(object.kind, object.metadata?.name), object])),
    afterCreate: new pulumi.ResourceHook(`${stack}-adoption`, async ({ newInputs }) => {
      const inputs = liveShape.parse(newInputs);
      const found = await live.find(inputs);
      await live.patchMetadata(inputs, { managedFields: withoutOthers(found?.metadata?.managedFields) });
    }),
  };
}

function requireAdopted(objects: readonly KubernetesObject[], { stack, namespace, helmRelease }: Scope): void {
  const others = objects.filter(({ metadata }) => metadata?.labels?.[stackLabel] !== stack);
  const [first, ...more] = others.map(({ kind, metadata }) => `${kind} ${metadata?.name}`);
  if (first !== undefined) {
    throw new UserError(
      `${first}${more.length > 0 ? ` and ${more.length} more` : ""} of Helm release ${helmRelease} in namespace ` +
        `${namespace} are not stack ${stack}'s; no changes were made`,
      "docs/cutover.md says how to adopt them, or to remove what is left of the release",
    );
  }
}

/** Tells whether an object is a release's: by the chart's labels, and by Helm's annotations where it has them. */
export function isOfRelease(metadata: V1ObjectMeta | undefined, { name, namespace }: HelmRelease): boolean {
  const { labels = {}, annotations = {} } = metadata ?? {};
  return (
    Object.entries(helmLabels(name)).every(([key, value]) => labels[key] === value) &&
    // Argo CD, which renders the chart by itself, sets none.
    (annotations["meta.helm.sh/release-name"] ?? name) === name &&
    (annotations["meta.helm.sh/release-namespace"] ?? namespace) === namespace
  );
}

/**
 * Registers each object of a release as it is on the cluster, so that its adoption changes nothing but its labels: no pod
 * restarts, and no rule of a load balancer moves. The next run compares the program with that, and shows every change.
 */
export function registerAsItIs({ objects, afterCreate }: Adoption): pulumi.ResourceTransformation {
  return ({ props, opts }) => {
    const { data: inputs } = inputsShape.safeParse(props);
    const live = inputs && objects.get(objectKey(inputs.kind, inputs.metadata.name));
    return (
      inputs &&
      live && {
        props: asItIs(inputs, live),
        opts: pulumi.mergeOptions(opts, { hooks: { afterCreate: [afterCreate] } }),
      }
    );
  };
}

/** Returns the inputs of an object that exists: what it is now, under our labels. */
export function asItIs(inputs: ObjectInputs, found: KubernetesObject): ObjectInputs {
  // What a client read has dates and absent fields, which are no inputs.
  const live = liveShape.parse(JSON.parse(JSON.stringify(found)));
  const { status: _status, secrets: _tokens, ...content } = live;
  // What another changes at this moment is a conflict, and not undone.
  const pulumis = Object.entries(inputs.metadata.annotations).filter(
    ([key]) => key.startsWith("pulumi.com/") && key !== forceAnnotation,
  );
  const others = Object.entries(live.metadata.annotations).filter(([key]) => !othersAnnotations.includes(key));
  const filledIn = sharedKinds.find(({ kind }) => kind === live.kind)?.filledIn ?? [];
  const isScaled = inputs.metadata.annotations[scaledByAnnotation] !== undefined;
  const kept = (field: string) =>
    // An autoscaler's number of pods stays the autoscaler's.
    isScaled && field === "replicas" ? false : !filledIn.includes(field) || Object.hasOwn(inputs.spec ?? {}, field);
  return {
    ...content,
    metadata: {
      ...inputs.metadata,
      labels: { ...live.metadata.labels, ...inputs.metadata.labels },
      annotations: Object.fromEntries([...others, ...pulumis]),
    },
    ...(live.spec && { spec: Object.fromEntries(Object.entries(live.spec).filter(([field]) => kept(field))) }),
  };
}

/**
 * Returns the owners of an object's fields that are left after its adoption: Pulumi, and who reports its status. A field that
 * stayed the chart's would outlive its removal from the program: a pod would have the chart's container beside ours.
 */
export function withoutOthers(managedFields: readonly V1ManagedFieldsEntry[] = []): V1ManagedFieldsEntry[] {
  return managedFields.filter(({ manager, subresource }) => subresource || manager === pulumiManager);
}

function objectKey(kind = "", name = ""): string {
  return `${kind} ${name}`;
}
