import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { checksumAnnotation, labels, type Scope, selectorLabels } from "../../catalog/names";
import { type NodePool, placement } from "../../catalog/nodePools";
import { type Resources, totalMebibytes } from "../../catalog/quantity";
import type { Probes } from "./probes";
import { type VolumeUse, volumeMounts, volumeSources } from "./volumes";

/** What one workload's pods are made of. */
export interface PodTemplateArgs {
  readonly scope: Scope;
  /** The workload, such as api. */
  readonly component: string;
  readonly serviceAccount: string;
  readonly container: ContainerArgs;
  /** Containers that must end well before the main one starts. Default: none. */
  readonly initContainers?: readonly ContainerArgs[];
  readonly volumes: readonly VolumeUse[];
  /** Where the pods run. Default: on any node without a taint. */
  readonly nodePool?: NodePool;
  /** Who its processes are. Default: the application's own user and group, whose files are on the shared volume. */
  readonly user?: { readonly id: number; readonly group: number; readonly ownsVolumes?: boolean };
  /** The time from being told to stop to being stopped, draining included; seconds. Default: 30. */
  readonly terminationGracePeriodSeconds?: number;
  /** What follows when the container ends. Default: Always, as a server needs. */
  readonly restartPolicy?: "Always" | "Never";
  /** Changes when a secret that the pods read does; see secretsChecksum. Default: the pods read none. */
  readonly secretsChecksum?: pulumi.Input<string>;
}

export interface ContainerArgs {
  readonly name: string;
  /** The image with its tag or digest. */
  readonly image: string;
  readonly command?: readonly string[];
  readonly resources: Resources;
  /** Names of the ConfigMaps whose entries become environment variables. */
  readonly configMaps?: readonly string[];
  readonly env?: readonly k8s.types.input.core.v1.EnvVar[];
  readonly port?: { readonly name: string; readonly containerPort: number };
  readonly probes?: Probes;
  /** What runs before the container is told to stop. */
  readonly preStop?: k8s.types.input.core.v1.LifecycleHandler;
}

const applicationUser = { id: 1000, group: 3000, ownsVolumes: false };

/** The one pod template: every workload's pods are built here. */
export function podTemplate(args: PodTemplateArgs) {
  const { scope, component, volumes, initContainers = [], user = applicationUser, secretsChecksum } = args;
  return {
    metadata: {
      labels: labels(scope, component),
      ...(secretsChecksum !== undefined && { annotations: { [checksumAnnotation]: secretsChecksum } }),
    },
    spec: {
      serviceAccountName: args.serviceAccount,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      restartPolicy: args.restartPolicy ?? "Always",
      terminationGracePeriodSeconds: args.terminationGracePeriodSeconds ?? 30,
      // A host name with a dot is asked for as it is, not with each search domain of the cluster first.
      dnsConfig: { options: [{ name: "ndots", value: "1" }] },
      securityContext: {
        runAsUser: user.id,
        runAsGroup: user.group,
        runAsNonRoot: true,
        ...(user.ownsVolumes && { fsGroup: user.group }),
        seccompProfile: { type: "RuntimeDefault" },
      },
      ...placement(args.nodePool),
      topologySpreadConstraints: ["topology.kubernetes.io/zone", "kubernetes.io/hostname"].map((topologyKey) => ({
        topologyKey,
        maxSkew: 1,
        whenUnsatisfiable: "ScheduleAnyway",
        labelSelector: { matchLabels: selectorLabels(scope, component) },
      })),
      ...(initContainers.length > 0 && { initContainers: initContainers.map((init) => container(init, volumes)) }),
      containers: [container(args.container, volumes)],
      volumes: volumeSources(volumes),
    },
  } satisfies k8s.types.input.core.v1.PodTemplateSpec;
}

/** Room for what containers log, and for files too small to plan for. */
const logSpace = "256Mi";

function container(args: ContainerArgs, volumes: readonly VolumeUse[]) {
  // Its volumes count as its own writing: with less, the pod would be evicted before its scratch is full.
  const scratch = volumes.flatMap(({ source }) => source?.emptyDir?.sizeLimit ?? []);
  const disk = { "ephemeral-storage": totalMebibytes([logSpace, ...scratch]) };
  return {
    name: args.name,
    image: args.image,
    imagePullPolicy: "IfNotPresent",
    ...(args.command && { command: [...args.command] }),
    ...(args.port && { ports: [{ ...args.port, protocol: "TCP" }] }),
    envFrom: (args.configMaps ?? []).map((name) => ({ configMapRef: { name } })),
    env: [...(args.env ?? [])],
    resources: { requests: { ...args.resources.requests, ...disk }, limits: { ...args.resources.limits, ...disk } },
    ...args.probes,
    ...(args.preStop && { lifecycle: { preStop: args.preStop } }),
    // The last words of a container that fails are in its status, where the engine and kubectl show them.
    terminationMessagePolicy: "FallbackToLogsOnError",
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    },
    volumeMounts: volumeMounts(volumes),
  } satisfies k8s.types.input.core.v1.Container;
}
