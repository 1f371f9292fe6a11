/** Whose objects these are: every name, label and namespace follows from it. */
export interface Scope {
  /** The Pulumi stack; marks each object as this stack's own. */
  readonly stack: string;
  /** Prefix of every object's name, such as datasets-server-prod. */
  readonly release: string;
  readonly namespace: string;
  /** The release of the Helm chart whose names and selectors the objects keep. Default: names and selectors of our own. */
  readonly helmRelease?: string;
}

/** What the keys of our own labels and annotations start with. */
export const ownPrefix = "datasets-server.huggingface.co";

/** The label that says which stack an object belongs to; an object without it belongs to others. */
export const stackLabel = `${ownPrefix}/stack`;

/** The annotation that changes with the secrets a pod reads, so that the pod is rolled. */
export const checksumAnnotation = `${ownPrefix}/secrets-checksum`;

/** The name of the stack of a pull request's environment, and its number: GitHub counts from 1, and names have a limit. */
export const environmentStack = /^pr-([1-9]\d{0,5})$/;

/** Annotations of our own by their short names. */
export function ownAnnotations(annotations: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(annotations).map(([name, value]) => [`${ownPrefix}/${name}`, value]));
}

/** The name that the chart has in labels and in the names of its objects. */
const chart = "datasets-server";

/** The prefix of the names that the chart gives the objects of a release. */
export function helmPrefix(helmRelease: string): string {
  return `${helmRelease}-${chart}`;
}

/** The labels by which all objects of any release of the chart are known. */
export const chartLabels = { "app.kubernetes.io/managed-by": "Helm", "helm.sh/chart": chart } as const;

/** The labels by which all objects of a release of the chart are known. */
export function helmLabels(helmRelease: string) {
  return { "app.kubernetes.io/instance": helmRelease, ...chartLabels };
}

/** `<release>-<component>`, the name of a component's objects. */
export function objectName(scope: Scope, component: string): string {
  return `${scope.release}-${component}`;
}

/** The name of a scheduled job; the chart's differ from those of its other objects. */
export function scheduledJobName(scope: Scope, job: string): string {
  return objectName(scope, scope.helmRelease === undefined ? job : `job-${job}`);
}

/** The one label that tells the components of a stack from each other. */
export function componentLabel(scope: Scope): string {
  return scope.helmRelease === undefined ? "app" : "app.kubernetes.io/component";
}

/** The labels that a selector holds, of which those of the chart say more than they need to: a selector is immutable. */
export function selectorLabels(scope: Scope, component: string): Readonly<Record<string, string>> {
  return { [componentLabel(scope)]: objectName(scope, component), ...stackLabels(scope) };
}

/** The part of a selector that all components of a stack share, and no other stack has. */
export function stackLabels({ release, helmRelease }: Scope): Readonly<Record<string, string>> {
  return helmRelease === undefined
    ? { "app.kubernetes.io/instance": release }
    : { ...helmLabels(helmRelease), "app.kubernetes.io/name": release };
}

/** Kubernetes' recommended labels and the selector's own, which win. */
export function labels(scope: Scope, component: string): Readonly<Record<string, string>> {
  return {
    "app.kubernetes.io/name": "datasets-server",
    "app.kubernetes.io/component": component,
    "app.kubernetes.io/part-of": "datasets-server",
    "app.kubernetes.io/managed-by": "pulumi",
    ...selectorLabels(scope, component),
  };
}

/** The annotation that has a run take back the fields of an object that others have set (decision 0027). */
export const forceAnnotation = "pulumi.com/patchForce";

/**
 * Has every run write an object's fields under one name, and take them back from others. By default the provider makes a name
 * up when it creates an object: what a killed run has created would stay that run's.
 */
export const engineAnnotations = {
  "pulumi.com/patchFieldManager": "pulumi-kubernetes-datasets-server",
  [forceAnnotation]: "true",
} as const;

/** The annotation of a Deployment whose number of pods an autoscaler decides. With it, each change of who decides is an update. */
export const scaledByAnnotation = `${ownPrefix}/scaled-by`;

/** The metadata that every object has; only a namespace is in none. */
export interface ObjectMetadata {
  readonly name: string;
  readonly namespace?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** Metadata of an object of one component; `name` differs from the component's own name where it has several. */
export function metadata(
  scope: Scope,
  component: string,
  { name = objectName(scope, component), annotations = {} }: MetadataOptions = {},
): ObjectMetadata {
  return {
    name,
    namespace: scope.namespace,
    labels: { ...labels(scope, component), [stackLabel]: scope.stack },
    annotations: { ...engineAnnotations, ...annotations },
  };
}

export interface MetadataOptions {
  readonly name?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}
