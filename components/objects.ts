import type * as k8s from "@pulumi/kubernetes";
import { CustomResource, type CustomResourceArgs } from "@pulumi/kubernetes/apiextensions";
import { Deployment, StatefulSet } from "@pulumi/kubernetes/apps/v1";
import { HorizontalPodAutoscaler } from "@pulumi/kubernetes/autoscaling/v2";
import { CronJob, Job } from "@pulumi/kubernetes/batch/v1";
import {
  ConfigMap,
  Namespace,
  PersistentVolumeClaim,
  ResourceQuota,
  Secret,
  Service,
  ServiceAccount,
} from "@pulumi/kubernetes/core/v1";
import { Ingress, NetworkPolicy } from "@pulumi/kubernetes/networking/v1";
import { PodDisruptionBudget } from "@pulumi/kubernetes/policy/v1";
import * as pulumi from "@pulumi/pulumi";
import { checksumAnnotation, type ObjectMetadata } from "../catalog/names";
import { secretMarker } from "../catalog/secrets";

/** What stands in plain objects for a checksum of secrets. */
export const checksumMarker = "[checksum]";

/** The arguments and the resource class of each kind of object that the program makes. */
interface Kinds {
  readonly ConfigMap: Kind<k8s.core.v1.ConfigMapArgs, ConfigMap>;
  readonly CronJob: Kind<k8s.batch.v1.CronJobArgs, CronJob>;
  readonly Deployment: Kind<k8s.apps.v1.DeploymentArgs, Deployment>;
  readonly HorizontalPodAutoscaler: Kind<k8s.autoscaling.v2.HorizontalPodAutoscalerArgs, HorizontalPodAutoscaler>;
  readonly Ingress: Kind<k8s.networking.v1.IngressArgs, Ingress>;
  readonly Job: Kind<k8s.batch.v1.JobArgs, Job>;
  readonly Namespace: Kind<k8s.core.v1.NamespaceArgs, Namespace>;
  readonly NetworkPolicy: Kind<k8s.networking.v1.NetworkPolicyArgs, NetworkPolicy>;
  readonly PersistentVolumeClaim: Kind<k8s.core.v1.PersistentVolumeClaimArgs, PersistentVolumeClaim>;
  readonly PodDisruptionBudget: Kind<k8s.policy.v1.PodDisruptionBudgetArgs, PodDisruptionBudget>;
  readonly PodMonitor: Kind<CustomResourceArgs, CustomResource>;
  readonly PrometheusRule: Kind<CustomResourceArgs, CustomResource>;
  readonly ResourceQuota: Kind<k8s.core.v1.ResourceQuotaArgs, ResourceQuota>;
  readonly Secret: Kind<k8s.core.v1.SecretArgs, Secret>;
  readonly Service: Kind<k8s.core.v1.ServiceArgs, Service>;
  readonly ServiceAccount: Kind<k8s.core.v1.ServiceAccountArgs, ServiceAccount>;
  readonly ServiceMonitor: Kind<CustomResourceArgs, CustomResource>;
  readonly StatefulSet: Kind<k8s.apps.v1.StatefulSetArgs, StatefulSet>;
}

interface Kind<Args, Resource extends pulumi.CustomResource> {
  readonly args: Args;
  readonly resource: Resource;
}

/** Every kind of object that the program makes. */
export type ManagedKind = keyof Kinds;

/** What an object is made of, less its API version and kind, which follow from the kind. */
type Content<K extends ManagedKind> = Omit<Kinds[K]["args"], "apiVersion" | "kind" | "metadata"> & {
  readonly metadata: ObjectMetadata;
};

/** What Pulumi is told of an object in addition to the object itself. */
export type RegistrationOptions = Pick<
  pulumi.CustomResourceOptions,
  "customTimeouts" | "ignoreChanges" | "protect" | "retainOnDelete"
>;

/** One Kubernetes object, built and not registered yet. */
export interface BuiltObject<K extends ManagedKind = ManagedKind> {
  /** Its name in Pulumi. */
  readonly id: string;
  readonly kind: K;
  readonly content: Content<K>;
  readonly options: RegistrationOptions;
}

/** An object of any kind. */
export type AnyObject = { readonly [K in ManagedKind]: BuiltObject<K> }[ManagedKind];

/** The API version of each kind. */
export const apiVersions = {
  ConfigMap: "v1",
  CronJob: "batch/v1",
  Deployment: "apps/v1",
  HorizontalPodAutoscaler: "autoscaling/v2",
  Ingress: "networking.k8s.io/v1",
  Job: "batch/v1",
  Namespace: "v1",
  NetworkPolicy: "networking.k8s.io/v1",
  PersistentVolumeClaim: "v1",
  PodDisruptionBudget: "policy/v1",
  PodMonitor: "monitoring.coreos.com/v1",
  PrometheusRule: "monitoring.coreos.com/v1",
  ResourceQuota: "v1",
  Secret: "v1",
  Service: "v1",
  ServiceAccount: "v1",
  ServiceMonitor: "monitoring.coreos.com/v1",
  StatefulSet: "apps/v1",
} as const satisfies Readonly<Record<ManagedKind, string>>;

type ResourceClass<K extends ManagedKind> = new (
  id: string,
  args: Kinds[K]["args"],
  opts: pulumi.CustomResourceOptions,
) => Kinds[K]["resource"];

const resourceClasses: { readonly [K in ManagedKind]: ResourceClass<K> } = {
  ConfigMap,
  CronJob,
  Deployment,
  HorizontalPodAutoscaler,
  Ingress,
  Job,
  Namespace,
  NetworkPolicy,
  PersistentVolumeClaim,
  PodDisruptionBudget,
  PodMonitor: CustomResource,
  PrometheusRule: CustomResource,
  ResourceQuota,
  Secret,
  Service,
  ServiceAccount,
  ServiceMonitor: CustomResource,
  StatefulSet,
};

/**
 * Builds an object.
 *
 * @param id its name in Pulumi. Default: its name in Kubernetes.
 */
export function built<K extends ManagedKind>(
  kind: K,
  content: Content<K>,
  { id = content.metadata.name, ...options }: RegistrationOptions & { readonly id?: string } = {},
): BuiltObject<K> {
  return { id, kind, content, options };
}

/** Registers an object with Pulumi. */
export function register<K extends ManagedKind>(
  { id, kind, content, options }: BuiltObject<K>,
  opts: pulumi.CustomResourceOptions,
): Kinds[K]["resource"] {
  return new resourceClasses[kind](
    id,
    { apiVersion: apiVersions[kind], kind, ...content },
    pulumi.mergeOptions(opts, options),
  );
}

/** What a component of pods registers. */
export interface WorkloadComponentArgs<Objects> {
  readonly objects: Objects;
  /** What must be in place, or have ended well, before its first pod starts. Default: nothing. */
  readonly startAfter?: readonly pulumi.Resource[];
}

/** The options of a component's children: their parent, and what the caller has the component wait for. */
export function childOptions(
  parent: pulumi.ComponentResource,
  { dependsOn }: pulumi.ComponentResourceOptions,
): pulumi.CustomResourceOptions {
  return { parent, ...(dependsOn !== undefined && { dependsOn }) };
}

/** An object as Kubernetes takes it. */
export interface PlainObject {
  readonly apiVersion: string;
  readonly kind: ManagedKind;
  readonly metadata: ObjectMetadata;
  readonly [field: string]: unknown;
}

/** An object as Kubernetes takes it, with a marker in the place of each secret and of each checksum of secrets. */
export function plainObject({ kind, content }: AnyObject): PlainObject {
  const { metadata, ...fields } = content;
  return { apiVersion: apiVersions[kind], kind, metadata, ...Object.fromEntries(plainEntries(fields)) };
}

function plainEntries(fields: object): [string, unknown][] {
  return Object.entries(fields).flatMap(([key, value]) => (value === undefined ? [] : [[key, plainValue(value, key)]]));
}

/** Only what is secret, or made from secrets, is an Output: all else is known when the object is built. */
function plainValue(value: unknown, key: string): unknown {
  if (pulumi.Output.isInstance(value)) {
    return key === checksumAnnotation ? checksumMarker : secretMarker;
  }
  if (Array.isArray(value)) {
    return value.map((item) => plainValue(item, key));
  }
  return typeof value === "object" && value !== null ? Object.fromEntries(plainEntries(value)) : value;
}
