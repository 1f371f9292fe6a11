import type * as k8s from "@pulumi/kubernetes";

/** Whose objects these are: every name, label and namespace follows from it. */
export interface Scope {
  /** The Pulumi stack; marks each object as this stack's own. */
  readonly stack: string;
  /** Prefix of every object's name, such as datasets-server-prod. */
  readonly release: string;
  readonly namespace: string;
}

/** The label that says which stack an object belongs to; an object without it is somebody else's. */
export const stackLabel = "datasets-server.huggingface.co/stack";

/** `<release>-<component>`, the name of a component's objects. */
export function objectName(scope: Scope, component: string): string {
  return `${scope.release}-${component}`;
}

/** The labels a selector may hold: a Deployment's selector is immutable, so these never change. */
export function selectorLabels(scope: Scope, component: string) {
  return { app: objectName(scope, component), "app.kubernetes.io/instance": scope.release };
}

/** The selector's labels and Kubernetes' recommended ones. */
export function labels(scope: Scope, component: string) {
  return {
    ...selectorLabels(scope, component),
    "app.kubernetes.io/name": "datasets-server",
    "app.kubernetes.io/component": component,
    "app.kubernetes.io/part-of": "datasets-server",
    "app.kubernetes.io/managed-by": "pulumi",
  };
}

/** Metadata of an object of one component; `name` differs from the component's own name where it has several. */
export function metadata(
  scope: Scope,
  component: string,
  { name = objectName(scope, component), annotations = {} }: MetadataOptions = {},
): k8s.types.input.meta.v1.ObjectMeta & { readonly name: string } {
  return {
    name,
    namespace: scope.namespace,
    labels: { ...labels(scope, component), [stackLabel]: scope.stack },
    ...(Object.keys(annotations).length > 0 && { annotations }),
  };
}

export interface MetadataOptions {
  readonly name?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}
