import type { V1IngressClass, V1Node, V1PersistentVolume, V1StorageClass } from "@kubernetes/client-node";
import { localNodes } from "./nodes";

/** What the nodes of a cluster are: as many as production's, simulated; or one that runs pods. */
export interface NodesOptions {
  /** The folder of a real node's volumes. Default: the nodes are simulated. */
  readonly realVolumes?: string;
}

const albClass: V1IngressClass = {
  apiVersion: "networking.k8s.io/v1",
  kind: "IngressClass",
  metadata: { name: "alb" },
  spec: { controller: "ingress.k8s.aws/alb" },
};

/** The storage class whose volumes are there already: no provisioner runs on simulated nodes. */
const storageClass: V1StorageClass = {
  apiVersion: "storage.k8s.io/v1",
  kind: "StorageClass",
  metadata: { name: "local", annotations: { "storageclass.kubernetes.io/is-default-class": "true" } },
  provisioner: "kubernetes.io/no-provisioner",
  volumeBindingMode: "Immediate",
};

/** Two claims a stack; a claim that is gone leaves its volume released, and nothing makes it available again. */
export const volumeCount = 40;

/** The folder of a volume by its number, which nothing makes on a simulated node. */
export function volumeFolder(index: number, { realVolumes = "/var/lib/local" }: NodesOptions): string {
  return `${realVolumes}/${index}`;
}

function volume(index: number, options: NodesOptions): V1PersistentVolume {
  return {
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: { name: `local-${index}` },
    spec: {
      storageClassName: "local",
      capacity: { storage: "100Gi" },
      accessModes: ["ReadWriteOnce", "ReadWriteMany"],
      persistentVolumeReclaimPolicy: "Retain",
      hostPath: { path: volumeFolder(index, options) },
    },
  };
}

type LocalObject = V1Node | V1IngressClass | V1StorageClass | V1PersistentVolume;

/** Returns what a new local cluster holds beside the custom resource definitions. */
export function localObjects(options: NodesOptions = {}): LocalObject[] {
  const nodes = options.realVolumes === undefined ? localNodes() : [];
  const volumes = Array.from({ length: volumeCount }, (_, index) => volume(index, options));
  return [...nodes, albClass, storageClass, ...volumes];
}
