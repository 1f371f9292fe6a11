import { stringify } from "yaml";
import type { Toolbox } from "../toolbox";
import { freePorts } from "./ports";
import { clusterStages, type PodStages } from "./stages";

export const clusterName = "local";

/** The processes of a cluster, by the names that kwokctl gives their executables. */
export const components = [
  "etcd",
  "kube-apiserver",
  "kube-controller-manager",
  "kube-scheduler",
  "kwok-controller",
] as const;

/** What marks the nodes that kwok plays. */
export const simulated = { annotation: "kwok.x-k8s.io/node", value: "fake" } as const;

export type ComponentArgs = Readonly<Record<string, string>>;

/** Extra arguments of the processes; those of the API server are joined by what the caller asks for. */
const componentArgs: Readonly<Record<(typeof components)[number], ComponentArgs>> = {
  // The data never outlives the cluster, so it need not survive a power cut.
  etcd: { "unsafe-no-fsync": "true" },
  // Any address but loopback does. A fixed one lets the API server start on a machine without a network.
  // Its own default is 254 addresses of Services, which is 42 environments.
  "kube-apiserver": { "advertise-address": "10.255.255.1", "service-cluster-ip-range": "10.96.0.0/16" },
  // There is one of each; a busy machine must not end them by letting a lease run out.
  "kube-controller-manager": { "leader-elect": "false" },
  "kube-scheduler": { "leader-elect": "false" },
  // Pods of a real node say themselves how they are.
  "kwok-controller": {
    "manage-all-nodes": "false",
    "manage-nodes-with-annotation-selector": `${simulated.annotation}=${simulated.value}`,
  },
};

/** The file that tells kwokctl what to start, and the port on which the API will be. */
export interface ClusterConfig {
  readonly yaml: string;
  readonly apiServerPort: number;
}

/** Writes nothing; picks six free ports on 127.0.0.1, the only address on which the cluster listens. */
export async function clusterConfig(
  toolbox: Toolbox,
  podStages: PodStages,
  apiServerArgs: ComponentArgs,
): Promise<ClusterConfig> {
  const [apiServerPort = 0, etcdPort, etcdPeerPort, managerPort, schedulerPort, kwokPort] = await freePorts(6);
  const configuration = {
    apiVersion: "config.kwok.x-k8s.io/v1alpha1",
    kind: "KwokctlConfiguration",
    options: {
      runtime: "binary",
      bindAddress: "127.0.0.1",
      securePort: true,
      kubeAuthorization: true,
      kubeAdmission: true,
      disableQPSLimits: true,
      kubeApiserverPort: apiServerPort,
      etcdPort,
      etcdPeerPort,
      kubeControllerManagerPort: managerPort,
      kubeSchedulerPort: schedulerPort,
      kwokControllerPort: kwokPort,
      etcdBinary: toolbox.etcd,
      kubeApiserverBinary: toolbox["kube-apiserver"],
      kubeControllerManagerBinary: toolbox["kube-controller-manager"],
      kubeSchedulerBinary: toolbox["kube-scheduler"],
      kwokControllerBinary: toolbox.kwok,
      kubectlBinary: toolbox.kubectl,
    },
    componentsPatches: components.map((name) => ({
      name,
      extraArgs: Object.entries({
        ...componentArgs[name],
        ...(name === "kube-apiserver" && apiServerArgs),
      }).map(([key, value]) => ({ key, value })),
    })),
  };
  const documents = [configuration, ...clusterStages(toolbox, podStages)];
  return { yaml: documents.map((document) => stringify(document)).join("---\n"), apiServerPort };
}
