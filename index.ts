import { allObjects, buildObjects, imagesOf } from "./components/buildObjects";
import { clusterProvider, connectCluster } from "./components/cluster";
import { DatasetsServer } from "./components/datasetsServer";
import { dropDebugLines } from "./components/debugLines";
import { guardsOf } from "./components/guards";
import { stackOutputs } from "./components/outputs";
import { checkRules, factsOf } from "./components/rules";
import { loadConfig } from "./config/load";

dropDebugLines();

/** The program: loads what the stack specifies, connects to its cluster, builds all objects, checks them, and registers them. */
export = async () => {
  const config = loadConfig();
  const { cluster, datasetsServer, pullRequest } = config;
  const { scope, entrances } = datasetsServer;

  const connection = await connectCluster(cluster, scope.namespace);
  const objects = buildObjects(datasetsServer);
  await checkRules(allObjects(objects), factsOf(datasetsServer));
  const guards = await guardsOf(connection, config, allObjects(objects));

  const provider = clusterProvider("kubernetes", connection, scope.namespace, guards.provider);
  const server = new DatasetsServer(
    scope.release,
    { scope, objects, url: `https://${entrances.public.host}`, images: imagesOf(datasetsServer) },
    { provider, ...guards.server },
  );
  return { ...stackOutputs(cluster, scope, server), ...(pullRequest && { pullRequest }) };
};
