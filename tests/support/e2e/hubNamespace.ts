import type { Kubernetes } from "./kubernetes";

/** The namespace that is on hub-prod and hub-ephemeral before any stack. */
export const hubNamespace = "datasets-server";

/** The shared volume's claim, which is there before the stack. */
const parquetMetadataClaim = {
  metadata: { name: "datasets-server-parquet-pvc" },
  spec: {
    accessModes: ["ReadWriteMany"],
    storageClassName: "local",
    resources: { requests: { storage: "1Gi" } },
  },
};

/** Makes the namespace with what the stacks expect in it. */
export async function createHubNamespace({ core }: Kubernetes): Promise<void> {
  await core.createNamespace({ body: { metadata: { name: hubNamespace } } });
  await core.createNamespacedPersistentVolumeClaim({ namespace: hubNamespace, body: parquetMetadataClaim });
}
