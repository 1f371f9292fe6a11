import { isDryRun } from "@pulumi/pulumi/runtime";
import { requireRights } from "./components/accessReview";
import { clusterProvider, connectCluster } from "./components/cluster";
import { DatasetsServer } from "./components/datasetsServer";
import { kubernetesClient } from "./components/kubernetesClient";
import { stayOnCluster } from "./components/oneCluster";
import { clusterOutput, commands } from "./components/outputs";
import { ownershipHook } from "./components/ownership";
import { neededRights } from "./components/rights";
import { loadConfig } from "./config/load";

/** The program: what the stack says, its cluster, all that runs there, and what to know about it afterwards. */
export = async () => {
  const { cluster, offline, datasetsServer } = loadConfig();
  const { scope } = datasetsServer;

  const connection = await connectCluster(cluster, { namespace: scope.namespace, offline });
  const kubernetes = kubernetesClient(connection);
  if (!offline && !isDryRun()) {
    await requireRights(kubernetes, neededRights(datasetsServer));
  }
  const oneCluster = offline ? {} : stayOnCluster(scope.stack, connection.identifier);
  const provider = clusterProvider("kubernetes", connection, scope.namespace, oneCluster);
  const beforeCreate = offline ? [] : [ownershipHook({ kubernetes, stack: scope.stack })];
  const server = new DatasetsServer(scope.release, { ...datasetsServer, beforeCreate }, { provider });

  return {
    namespace: scope.namespace,
    url: server.url,
    cluster: clusterOutput(cluster),
    images: server.images,
    commands: commands(cluster, scope, "api"),
  };
};
