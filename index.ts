import { setImmediate } from "node:timers/promises";
import { isDryRun } from "@pulumi/pulumi/runtime";
import { requireRights } from "./components/accessReview";
import { clusterProvider, connectCluster } from "./components/cluster";
import { DatasetsServer } from "./components/datasetsServer";
import { kubernetesClient } from "./components/kubernetesClient";
import { liveObjects } from "./components/liveObjects";
import { stayOnCluster } from "./components/oneCluster";
import { clusterOutput, commands } from "./components/outputs";
import { ownershipHook } from "./components/ownership";
import { neededRights } from "./components/rights";
import { leaveOutSdkRecords } from "./components/sdkRecords";
import { takeOverOf } from "./components/takeOver";
import { loadConfig } from "./config/load";

leaveOutSdkRecords();

/** The program: what the stack says, its cluster, all that runs there, and what to know about it afterwards. */
export = async () => {
  const { cluster, offline, takeOver, datasetsServer } = loadConfig();
  const { scope } = datasetsServer;

  const connection = await connectCluster(cluster, { namespace: scope.namespace, offline });
  const kubernetes = kubernetesClient(connection);
  if (!offline && !isDryRun()) {
    await requireRights(kubernetes, neededRights(datasetsServer));
  }
  const live = liveObjects(kubernetes);
  const taken = offline ? undefined : await takeOverOf(live, scope, takeOver);
  const oneCluster = offline ? {} : stayOnCluster(scope.stack, connection.identifier);
  const provider = clusterProvider("kubernetes", connection, scope.namespace, oneCluster);
  // Lets its registration leave: the engine starts the provider's process while this one makes the objects.
  await setImmediate();
  const beforeCreate = offline ? [] : [ownershipHook(live, { scope, takeOver })];
  const server = new DatasetsServer(
    scope.release,
    { ...datasetsServer, beforeCreate, ...(taken && { takeOver: taken }) },
    { provider },
  );

  return {
    namespace: scope.namespace,
    url: server.url,
    cluster: clusterOutput(cluster),
    images: server.images,
    commands: commands(cluster, scope, "api"),
  };
};
