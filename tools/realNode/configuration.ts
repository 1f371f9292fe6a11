import path from "node:path";
import { addresses } from "./settings";

interface ContainerdArgs {
  readonly folder: string;
  readonly socket: string;
  readonly pauseImage: string;
}

/** What containerd is told: everything it has is the node's own. */
export function containerdConfig({ folder, socket, pauseImage }: ContainerdArgs): string {
  const cri = '[plugins."io.containerd.grpc.v1.cri"';
  return `version = 2
root = ${JSON.stringify(path.join(folder, "containerd"))}
state = "/run/containerd/state"
[grpc]
  address = ${JSON.stringify(socket)}
${cri}]
  sandbox_image = ${JSON.stringify(pauseImage)}
  # Without the capability to lower it, runc dies where a pod asks for a lower score.
  restrict_oom_score_adj = true
  # As Kubernetes' other runtimes have it: a pod's process listens where it likes.
  enable_unprivileged_ports = true
${cri}.cni]
  bin_dir = "/usr/lib/cni"
  conf_dir = ${JSON.stringify(path.join(folder, "cni"))}
`;
}

interface KubeletArgs {
  readonly folder: string;
  readonly id: string;
  readonly socket: string;
}

/** What the kubelet is told. Nobody reaches it but through the node's sockets, which are this user's alone. */
export function kubeletConfig({ folder, id, socket }: KubeletArgs) {
  return {
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    authentication: { anonymous: { enabled: true }, webhook: { enabled: false } },
    authorization: { mode: "AlwaysAllow" },
    cgroupDriver: "cgroupfs",
    cgroupRoot: `/${id}`,
    clusterDNS: [addresses.dns],
    clusterDomain: "cluster.local",
    containerRuntimeEndpoint: `unix://${socket}`,
    // The machine's disk and memory are its user's, not the node's to keep free.
    evictionHard: { "memory.available": "50Mi", "nodefs.available": "1%", "imagefs.available": "1%" },
    failCgroupV1: false,
    failSwapOn: false,
    resolvConf: path.join(folder, "resolv.conf"),
    volumePluginDir: path.join(folder, "kubelet", "volume-plugins"),
  };
}

/** How pods get their addresses. */
export function podNetwork() {
  return {
    cniVersion: "0.4.0",
    name: "pods",
    plugins: [
      {
        type: "bridge",
        bridge: "pods0",
        isGateway: true,
        hairpinMode: true,
        ipam: {
          type: "host-local",
          dataDir: "/run/cni",
          ranges: [[{ subnet: addresses.pods }]],
          routes: [{ dst: "0.0.0.0/0" }],
        },
      },
      { type: "portmap", capabilities: { portMappings: true } },
    ],
  };
}
