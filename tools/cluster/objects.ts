import type { V1IngressClass, V1Node, V1PersistentVolume, V1StorageClass } from "@kubernetes/client-node";
import { localNodes } from "./nodes";

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
  // As the class of EBS volumes on EKS does.
  allowVolumeExpansion: true,
};

/** Two claims a stack; a claim that is gone leaves its volume released, and nothing makes it available again. */
const volumeCount = 40;

function volume(index: number): V1PersistentVolume {
  return {
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: { name: `local-${index}` },
    spec: {
      storageClassName: "local",
      capacity: { storage: "100Gi" },
      accessModes: ["ReadWriteOnce", "ReadWriteMany"],
      persistentVolumeReclaimPolicy: "Retain",
      hostPath: { path: `/var/lib/local/${index}` },
    },
  };
}

type LocalObject = V1Node | V1IngressClass | V1StorageClass | V1PersistentVolume;

/** Returns what a new local cluster holds beside the custom resource definitions. */
export function localObjects(): LocalObject[] {
  return [...localNodes(), albClass, storageClass, ...Array.from({ length: volumeCount }, (_, index) => volume(index))];
}
