import type { Kubernetes } from "./kubernetes";

const metadata = { name: "somebody-elses" };
const labels = { app: "somebody-elses" };

/** The shared volume's claim, which is there before a stack that does not make it. */
const parquetMetadataClaim = {
  metadata: { name: "datasets-server-parquet-pvc" },
  spec: {
    accessModes: ["ReadWriteMany"],
    storageClassName: "local",
    resources: { requests: { storage: "1Gi" } },
  },
};

/** A namespace as it is on an EKS cluster: there before the stack, with what others run in it. */
export async function createForeignObjects({ core, apps }: Kubernetes, namespace: string): Promise<void> {
  await core.createNamespace({ body: { metadata: { name: namespace } } });
  await core.createNamespacedPersistentVolumeClaim({ namespace, body: parquetMetadataClaim });
  await core.createNamespacedConfigMap({ namespace, body: { metadata, data: { key: "value" } } });
  const template = { metadata: { labels }, spec: { containers: [{ name: "app", image: "example.com/app:1" }] } };
  await apps.createNamespacedDeployment({
    namespace,
    body: { metadata, spec: { replicas: 1, selector: { matchLabels: labels }, template } },
  });
}
