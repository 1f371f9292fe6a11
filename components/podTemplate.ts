import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { labels, type Scope, selectorLabels } from "./names";
import type { Probes } from "./probes";
import { checksumAnnotation, type SecretKey, secretPlaces } from "./secrets";
import { type SettingGroup, secretVariables } from "./settings";

/** The node pools made for the datasets-server. Each has a label of its name and a taint that keeps others away. */
export const nodePools = [
  "datasets-server",
  "datasets-server-api",
  "datasets-server-rows",
  "datasets-server-search",
  "datasets-server-webhook",
  "datasets-server-worker",
  "datasets-server-worker-light",
] as const;

export type NodePool = (typeof nodePools)[number];

export type ResourceAmounts = { readonly cpu: string; readonly memory: string };

/** What one workload's pods are made of. */
export interface PodTemplateArgs {
  readonly scope: Scope;
  /** The workload, such as api. */
  readonly component: string;
  readonly image: string;
  readonly resources: { readonly requests: ResourceAmounts; readonly limits: ResourceAmounts };
  /** Writable space under /tmp, such as 1Gi; a pod that writes more is evicted. */
  readonly scratch: string;
  /** Where the pods run; on any node without a taint when absent. */
  readonly nodePool?: NodePool;
  readonly probes: Probes;
  /** Names of the ConfigMaps whose entries become environment variables. */
  readonly configMaps: readonly string[];
  /** The groups whose secret variables the pods read. */
  readonly settings: readonly SettingGroup[];
  /** Changes when a secret does; see secretsChecksum. */
  readonly secretsChecksum: pulumi.Input<string>;
}

/** The port every server listens on. */
export const containerPort = 8080;

/** The application's own user and group: files on the shared volume belong to them. */
const user = { runAsUser: 1000, runAsGroup: 3000, runAsNonRoot: true };

/** Long enough for the load balancer to learn that a pod leaves, before the pod is told to stop; seconds. */
const drainSeconds = 15;

const terminationGracePeriodSeconds = 45;

/** The secrets that a workload with these groups reads. */
export function secretsOf(settings: readonly SettingGroup[]): SecretKey[] {
  return [...new Set(settings.flatMap((group) => Object.values(secretVariables[group])))];
}

/** The one pod template: every workload's pods are built here. */
export function podTemplate(args: PodTemplateArgs) {
  const { scope, component, nodePool } = args;
  return {
    metadata: {
      labels: labels(scope, component),
      annotations: { [checksumAnnotation]: args.secretsChecksum },
    },
    spec: {
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      terminationGracePeriodSeconds,
      // A host name with a dot is asked for as it is, not with each search domain of the cluster first.
      dnsConfig: { options: [{ name: "ndots", value: "1" }] },
      securityContext: { ...user, seccompProfile: { type: "RuntimeDefault" } },
      ...(nodePool && placement(nodePool)),
      topologySpreadConstraints: ["topology.kubernetes.io/zone", "kubernetes.io/hostname"].map((topologyKey) => ({
        topologyKey,
        maxSkew: 1,
        whenUnsatisfiable: "ScheduleAnyway",
        labelSelector: { matchLabels: selectorLabels(scope, component) },
      })),
      containers: [container(args)],
      volumes: [{ name: "scratch", emptyDir: { sizeLimit: args.scratch } }],
    },
  } satisfies k8s.types.input.core.v1.PodTemplateSpec;
}

function container(args: PodTemplateArgs) {
  return {
    name: args.component,
    image: args.image,
    imagePullPolicy: "IfNotPresent",
    ports: [{ name: "http", containerPort, protocol: "TCP" }],
    envFrom: args.configMaps.map((name) => ({ configMapRef: { name } })),
    env: secretEnvironment(args.settings),
    resources: args.resources,
    ...args.probes,
    lifecycle: { preStop: { sleep: { seconds: drainSeconds } } },
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    },
    volumeMounts: [{ name: "scratch", mountPath: "/tmp" }],
  } satisfies k8s.types.input.core.v1.Container;
}

/** Secrets are named by plain text: an entry that held a secret Output would hide the whole list in every diff. */
function secretEnvironment(settings: readonly SettingGroup[]): k8s.types.input.core.v1.EnvVar[] {
  return settings.flatMap((group) =>
    Object.entries(secretVariables[group]).map(([name, secretKey]) => {
      const { secret, key } = secretPlaces[secretKey];
      return { name, valueFrom: { secretKeyRef: { name: secret, key } } };
    }),
  );
}

function placement(nodePool: NodePool) {
  return {
    nodeSelector: { [`role-${nodePool}`]: "true" },
    tolerations: [{ key: `huggingface.co/${nodePool}`, operator: "Exists", effect: "NoSchedule" }],
  };
}
