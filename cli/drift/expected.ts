import { isDeepStrictEqual } from "node:util";
import type { ManagedKind } from "../../components/objects";

/** A field that is on an object although nobody deployed it, and is no drift. */
interface Expectation {
  /** Where it is, without what items are known by: `spec.ports[].protocol`. */
  readonly field: RegExp;
  /** What it then is. Default: anything. */
  readonly value?: unknown;
  /** Default: every kind. */
  readonly kinds?: readonly ManagedKind[];
  /** Who must have written it, and nobody else. Default: anyone. */
  readonly by?: RegExp;
}

const pods = ["CronJob", "Deployment", "Job", "StatefulSet"] as const;
const jobs = ["CronJob", "Job"] as const;
const controllerManager = /^kube-controller-manager$/;

/** What the API server fills in where an object leaves it out, by its own reference of the API. */
const filledIn: readonly Expectation[] = [
  { kinds: pods, field: /ontainers\[\]\.terminationMessagePath$/, value: "/dev/termination-log" },
  { kinds: pods, field: /ontainers\[\]\.terminationMessagePolicy$/, value: "File" },
  { kinds: pods, field: /Probe\.successThreshold$/, value: 1 },
  { kinds: pods, field: /Probe\.failureThreshold$/, value: 3 },
  { kinds: pods, field: /Probe\.timeoutSeconds$/, value: 1 },
  { kinds: pods, field: /Probe\.periodSeconds$/, value: 10 },
  { kinds: pods, field: /httpGet\.scheme$/, value: "HTTP" },
  { kinds: pods, field: /fieldRef\.apiVersion$/, value: "v1" },
  { kinds: pods, field: /\.defaultMode$/, value: 420 },
  { kinds: pods, field: /template\.spec\.dnsPolicy$/, value: "ClusterFirst" },
  { kinds: pods, field: /template\.spec\.schedulerName$/, value: "default-scheduler" },
  // The old name of serviceAccountName, which is compared.
  { kinds: pods, field: /template\.spec\.serviceAccount$/ },
  { field: /\.protocol$/, value: "TCP" },
  { kinds: ["Deployment"], field: /^spec\.replicas$/, value: 1 },
  { kinds: ["HorizontalPodAutoscaler"], field: /^spec\.behavior\.scale(Down|Up)\.selectPolicy$/, value: "Max" },
  { kinds: ["StatefulSet"], field: /^spec\.podManagementPolicy$/, value: "OrderedReady" },
  { kinds: ["StatefulSet"], field: /^spec\.revisionHistoryLimit$/, value: 10 },
  {
    kinds: ["StatefulSet"],
    field: /^spec\.persistentVolumeClaimRetentionPolicy\.when(Deleted|Scaled)$/,
    value: "Retain",
  },
  { kinds: ["StatefulSet"], field: /^spec\.updateStrategy\.type$/, value: "RollingUpdate" },
  { kinds: ["StatefulSet"], field: /^spec\.updateStrategy\.rollingUpdate\.partition$/, value: 0 },
  { kinds: ["StatefulSet"], field: /^spec\.volumeClaimTemplates\[\]\.apiVersion$/, value: "v1" },
  { kinds: ["StatefulSet"], field: /^spec\.volumeClaimTemplates\[\]\.kind$/, value: "PersistentVolumeClaim" },
  { kinds: ["StatefulSet"], field: /^spec\.volumeClaimTemplates\[\]\.status\.phase$/, value: "Pending" },
  { kinds: ["PersistentVolumeClaim", "StatefulSet"], field: /spec\.volumeMode$/, value: "Filesystem" },
  { kinds: jobs, field: /spec\.completionMode$/, value: "NonIndexed" },
  { kinds: jobs, field: /spec\.(completions|parallelism)$/, value: 1 },
  { kinds: jobs, field: /spec\.(manualSelector|suspend)$/, value: false },
  { kinds: jobs, field: /spec\.podReplacementPolicy$/, value: "TerminatingOrFailed" },
  { kinds: ["CronJob"], field: /^spec\.successfulJobsHistoryLimit$/, value: 3 },
  { kinds: ["CronJob"], field: /^spec\.failedJobsHistoryLimit$/, value: 1 },
  { kinds: ["Job"], field: /^spec\.(selector|template\.metadata\.labels)/ },
  { kinds: ["Service"], field: /^spec\.(clusterIP|clusterIPs|ipFamilies|ipFamilyPolicy)$/ },
  { kinds: ["Service"], field: /^spec\.internalTrafficPolicy$/, value: "Cluster" },
  { kinds: ["Service"], field: /^spec\.sessionAffinity$/, value: "None" },
  { kinds: ["Service"], field: /^spec\.type$/, value: "ClusterIP" },
  { kinds: ["Namespace"], field: /^spec\.finalizers$/, value: ["kubernetes"] },
  { kinds: ["Namespace"], field: /^metadata\.labels\[kubernetes\.io\/metadata\.name\]$/ },
  { kinds: ["PersistentVolumeClaim"], field: /^spec\.storageClassName$/ },
  { kinds: ["PersistentVolumeClaim"], field: /^metadata\.finalizers$/, value: ["kubernetes.io/pvc-protection"] },
];

/** What controllers and people write, as they should. */
const written: readonly Expectation[] = [
  // An autoscaler sets the number of pods, and the program then leaves it out.
  { kinds: ["Deployment"], field: /^spec\.replicas$/, by: controllerManager },
  {
    kinds: ["Deployment"],
    field: /^metadata\.annotations\[deployment\.kubernetes\.io\/revision\]$/,
    by: controllerManager,
  },
  { kinds: ["Job"], field: /^metadata\.(annotations|labels)/, by: controllerManager },
  {
    kinds: ["PersistentVolumeClaim"],
    field: /^(metadata\.annotations|spec\.volumeName$)/,
    by: /^(kube-controller-manager|kube-scheduler)$/,
  },
  // The controller removes the load balancer before the Ingress goes.
  { kinds: ["Ingress"], field: /^metadata\.finalizers/, by: /^(controller|aws-load-balancer-controller)$/ },
  // A restart changes nothing that the program owns.
  { kinds: ["Deployment"], field: /^spec\.template\.metadata\.annotations\[kubectl\.kubernetes\.io\/restartedAt\]$/ },
];

/** A field that only the live object has. */
export interface AddedField {
  readonly kind: string;
  readonly field: string;
  readonly value: unknown;
  readonly writers: readonly string[];
}

/** Tells whether a field that nobody deployed is there as it should be. */
export function isExpected({ kind, field, value, writers }: AddedField): boolean {
  const place = field.replace(/\[\w+=[^\]]*\]|\[\d+\]/g, "[]");
  return [...filledIn, ...written].some(
    (expected) =>
      (expected.kinds === undefined || expected.kinds.some((one) => one === kind)) &&
      expected.field.test(place) &&
      (expected.value === undefined || isDeepStrictEqual(value, expected.value)) &&
      (expected.by === undefined || (writers.length > 0 && writers.every((writer) => expected.by?.test(writer)))),
  );
}
