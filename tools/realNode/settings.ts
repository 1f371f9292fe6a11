import path from "node:path";

/** Where the parts of a real node are, and what they are told. */
export interface RealNodeSettings {
  /** Everything that the node writes is in here. */
  readonly folder: string;
  /** A short name of this node among all of the machine. */
  readonly id: string;
  readonly kubeconfig: string;
  /** On 127.0.0.1: of the machine, and inside the node's namespace too. */
  readonly apiServerPort: number;
  /** On 127.0.0.1 of the machine. */
  readonly loadBalancerPorts: LoadBalancerPorts;
  readonly tools: Readonly<Record<"kubelet" | "kube-proxy" | "kube-router", string>>;
  /** A docker-archive of the images that pods use, as `docker save` writes it. */
  readonly images: string;
  readonly pauseImage: string;
}

export interface LoadBalancerPorts {
  readonly http: number;
  readonly https: number;
}

/** Where containerd listens, in the node's own mount namespace. */
export const containerdSocket = "/run/containerd/containerd.sock";

/** Arguments of `ctr` that give the kubelet's images a docker-archive. */
export function importing(archive: string): string[] {
  return ["--address", containerdSocket, "--namespace", "k8s.io", "images", "import", archive];
}

export const nodeName = "real";

/** Whatever is in here is the node's alone: it has a network namespace of its own. */
export const addresses = {
  /** The node's own, of a range that stack local takes for that of load balancers. */
  node: "10.10.0.1",
  /** Where EKS has a DNS cache on each node; network policies allow it. */
  dns: "169.254.20.10",
  /** Outside what stack local takes for load balancers, so that a pod is not taken for one. */
  pods: "192.168.128.0/18",
  services: "10.96.0.0/16",
} as const;

/** The sockets by which the namespace and the machine reach each other, as no network joins them. */
export function sockets(folder: string) {
  const socket = (name: string) => path.join(folder, `${name}.sock`);
  return {
    /** From the namespace to the API server. */
    apiServer: socket("api"),
    /** From the API server to any address of the namespace, by HTTP CONNECT. */
    connect: socket("connect"),
    /** From the machine to the load balancers. */
    http: socket("http"),
    https: socket("https"),
  } as const;
}
