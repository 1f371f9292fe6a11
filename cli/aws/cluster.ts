import { connectEks } from "../../cluster/eks";
import type { ClientArgs } from "../../cluster/kubernetesClient";
import { connectLocal } from "../../cluster/local";
import type { Config } from "../../config/build";
import { workspacePaths } from "../../tools/workspace";
import { eksClient } from "./clients";

/** Finds the cluster of a stack as the program does, and returns how to reach it. */
export function connectCluster({ cluster, datasetsServer }: Config, workspace: string): Promise<ClientArgs> {
  if (cluster.kind === "local") {
    return connectLocal({ ...cluster, kubeconfigPath: workspacePaths(workspace).kubeconfig });
  }
  return connectEks(cluster, datasetsServer.scope.namespace, async () => {
    const { cluster: found } = await eksClient(cluster).describeCluster({ name: cluster.name });
    return {
      arn: found?.arn,
      status: found?.status,
      endpoint: found?.endpoint ?? "",
      certificateAuthority: found?.certificateAuthority?.data ?? "",
    };
  });
}
