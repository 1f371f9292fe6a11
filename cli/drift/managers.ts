import { fieldSegment, pulumiManager } from "../../cluster/managedFields";

/** Who wrote which fields, as the API server keeps it in an object's metadata. */
export interface ManagedFields {
  readonly manager?: string;
  /** Set where the fields were written through a part of the object, such as `status` or `scale`. */
  readonly subresource?: string;
  readonly fieldsV1?: object;
}

/** An object of the cluster, as far as it tells who wrote what. */
export interface ManagedObject {
  readonly kind: string;
  readonly managedFields: readonly ManagedFields[];
}

/** A field that another manager than Pulumi wrote. */
export interface ForeignField {
  readonly manager: string;
  /** As in `spec.template.spec.containers[name=api].env[name=EXTRA]`. */
  readonly field: string;
}

/** Fields that others may write, and why. */
interface Expectation {
  readonly manager: RegExp;
  /** Default: every kind. */
  readonly kind?: string;
  /** Default: the object itself and each of its parts. */
  readonly subresource?: string;
  /** Default: every field. */
  readonly fields?: RegExp;
  readonly reason: string;
}

const controllerManager = /^kube-controller-manager$/;
const loadBalancerController = /^(controller|aws-load-balancer-controller)$/;

const expectations: readonly Expectation[] = [
  { manager: /./, subresource: "status", reason: "a status is what controllers report" },
  {
    manager: controllerManager,
    subresource: "scale",
    fields: /^spec\.replicas$/,
    reason: "the autoscaler sets the number of pods",
  },
  {
    manager: controllerManager,
    kind: "Deployment",
    fields: /^metadata\.annotations(\[deployment\.kubernetes\.io\/revision\]|)$/,
    reason: "the Deployment's controller counts revisions",
  },
  {
    manager: controllerManager,
    kind: "Job",
    fields: /^(metadata\.(annotations|labels)|spec\.(selector|suspend|template\.metadata\.labels))/,
    reason: "the Job's controller marks the pods that are its own",
  },
  {
    manager: controllerManager,
    kind: "PersistentVolumeClaim",
    fields: /^(metadata\.(annotations|finalizers)|spec\.volumeName$)/,
    reason: "binding a claim to its volume",
  },
  { manager: controllerManager, kind: "Namespace", fields: /^metadata\.annotations/, reason: "the namespace's marks" },
  {
    manager: loadBalancerController,
    kind: "Ingress",
    fields: /^metadata\.finalizers/,
    reason: "the controller removes the load balancer before the Ingress goes",
  },
  {
    manager: /^kubectl-rollout$/,
    kind: "Deployment",
    fields: /^spec\.template\.metadata\.annotations(\[kubectl\.kubernetes\.io\/restartedAt\]|)$/,
    reason: "kubectl rollout restart changes nothing that the program owns",
  },
];

/** Returns the fields of an object that were written neither by Pulumi nor by a manager that is expected to. */
export function foreignFields({ kind, managedFields }: ManagedObject): ForeignField[] {
  const own = new Set(
    managedFields
      .filter(({ manager = "" }) => pulumiManager.test(manager))
      .flatMap(({ fieldsV1 = {} }) => fieldPaths(fieldsV1)),
  );
  return managedFields
    .filter(({ manager = "" }) => !pulumiManager.test(manager))
    .flatMap(({ manager = "an unnamed manager", subresource, fieldsV1 = {} }) =>
      fieldPaths(fieldsV1)
        .filter((field) => !own.has(field) && !isExpected({ manager, subresource, kind, field }))
        .map((field) => ({ manager, field })),
    );
}

function isExpected(written: {
  readonly manager: string;
  readonly subresource: string | undefined;
  readonly kind: string;
  readonly field: string;
}): boolean {
  return expectations.some(
    ({ manager, kind = written.kind, subresource = written.subresource, fields = /./ }) =>
      manager.test(written.manager) &&
      kind === written.kind &&
      subresource === written.subresource &&
      fields.test(written.field),
  );
}

/** The fields of a `fieldsV1`, each by its path. An item of a list or map that was added is one field, whatever is in it. */
export function fieldPaths(fields: object, path = ""): string[] {
  const entries = Object.entries(fields).filter(([key]) => key !== ".");
  const isAddedItem = "." in fields && path.endsWith("]");
  if (path !== "" && (entries.length === 0 || isAddedItem)) return [path];
  return entries.flatMap(([key, value]) => fieldPaths(Object(value), path + fieldSegment(key, path)));
}
