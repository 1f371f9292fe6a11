import { engineAnnotations, labels, metadata, objectName, type Scope, stackLabel } from "../../catalog/names";
import type { Resources } from "../../catalog/quantity";
import { type BuiltObject, built } from "../objects";

/** Who makes the namespace, and whether it outlives the stack. */
export interface NamespaceArgs {
  /** False where the namespace belongs to others: it is then neither changed nor deleted. */
  readonly create: boolean;
  /** Keeps a namespace that the stack made when the stack is destroyed. */
  readonly keep: boolean;
  /** What a namespace that the stack makes says of it. Default: nothing. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** Bounds of all that is in it. Default: none. */
  readonly quota?: QuotaArgs;
}

/** What all pods and volumes of a namespace may take together. */
export interface QuotaArgs {
  readonly pods: number;
  readonly resources: Resources;
  /** The size of all volumes, such as 20Gi. */
  readonly storage: string;
}

/** The labels that a namespace of ours has, or should be given by those who make it. */
export const namespaceLabels = {
  // Has the load balancer's controller hold new pods back from being ready until they are among its healthy targets.
  "elbv2.k8s.aws/pod-readiness-gate-inject": "enabled",
  // Has the API server refuse pods that could do more than ours need to.
  "pod-security.kubernetes.io/enforce": "restricted",
} as const;

/** The stack's own namespace. */
export function namespace(scope: Scope, { keep, annotations }: NamespaceArgs): BuiltObject<"Namespace"> {
  const ownLabels = { ...labels(scope, "namespace"), [stackLabel]: scope.stack, ...namespaceLabels };
  return built(
    "Namespace",
    { metadata: { name: scope.namespace, labels: ownLabels, annotations: { ...engineAnnotations, ...annotations } } },
    { id: objectName(scope, "namespace"), protect: keep, retainOnDelete: keep },
  );
}

/** Keeps the pods and volumes of a namespace within bounds, whatever is deployed there. */
export function quota(
  scope: Scope,
  { pods, resources: { requests, limits }, storage }: QuotaArgs,
): BuiltObject<"ResourceQuota"> {
  const hard = {
    pods: String(pods),
    "requests.cpu": requests.cpu,
    "requests.memory": requests.memory,
    "limits.cpu": limits.cpu,
    "limits.memory": limits.memory,
    "requests.storage": storage,
  };
  return built("ResourceQuota", { metadata: metadata(scope, "quota"), spec: { hard } });
}

/** The identity of all the stack's pods. None of them is given a token of the Kubernetes API. */
export function serviceAccount(scope: Scope, roleArn: string | undefined): BuiltObject<"ServiceAccount"> {
  return built(
    "ServiceAccount",
    {
      metadata: metadata(scope, "service-account", {
        name: scope.release,
        ...(roleArn && { annotations: { "eks.amazonaws.com/role-arn": roleArn } }),
      }),
      automountServiceAccountToken: false,
    },
    { id: objectName(scope, "service-account") },
  );
}
