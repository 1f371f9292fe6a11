/** A gate that pods of a Service get when they are made. */
export interface ReadinessGate {
  readonly conditionType: string;
  readonly namespace: string;
  readonly selector: Readonly<Record<string, string>>;
}

const name = "load-balancer-readiness-gates";

/**
 * Returns the objects by which the API server gives new pods their gates, as the AWS load balancer controller's webhook does:
 * in namespaces that ask for it, to pods of Services that a load balancer already sends requests to.
 */
export function readinessGatePolicy(gates: readonly ReadinessGate[]) {
  const policy = {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "MutatingAdmissionPolicy",
    metadata: { name },
    spec: {
      failurePolicy: "Ignore",
      reinvocationPolicy: "Never",
      matchConstraints: {
        namespaceSelector: { matchLabels: { "elbv2.k8s.aws/pod-readiness-gate-inject": "enabled" } },
        resourceRules: [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["pods"] }],
      },
      mutations: podsOf(gates).map(({ condition, conditionTypes }) => {
        const values = conditionTypes.map((type) => `{"conditionType": ${quoted(type)}}`);
        const patch = `JSONPatch{op: "add", path: "/spec/readinessGates", value: [${values.join(", ")}]}`;
        return { patchType: "JSONPatch", jsonPatch: { expression: `${condition} ? [${patch}] : []` } };
      }),
    },
  };
  const binding = {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "MutatingAdmissionPolicyBinding",
    metadata: { name },
    spec: { policyName: name },
  };
  return policy.spec.mutations.length === 0 ? [] : [policy, binding];
}

/** The gates by the pods that get them: those of one Service may have several, one for each load balancer. */
function podsOf(gates: readonly ReadinessGate[]) {
  const conditions = [...new Set(gates.map(conditionOf))];
  return conditions.map((condition) => ({
    condition,
    conditionTypes: gates.filter((gate) => conditionOf(gate) === condition).map(({ conditionType }) => conditionType),
  }));
}

function conditionOf({ namespace, selector }: ReadinessGate): string {
  const labels = Object.entries(selector).map(
    ([key, value]) => `object.metadata.labels[?${quoted(key)}].orValue("") == ${quoted(value)}`,
  );
  return [`request.namespace == ${quoted(namespace)}`, "has(object.metadata.labels)", ...labels].join(" && ");
}

function quoted(text: string): string {
  return JSON.stringify(text);
}
