import { clusterProvider, connectCluster } from "./cluster/cluster";
import { stackOutputs } from "./cluster/outputs";
import { allObjects, buildObjects, imagesOf } from "./components/buildObjects";
import { DatasetsServer } from "./components/datasetsServer";
import { loadConfig } from "./config/load";
import { pinImages } from "./config/pinImages";
import { dropDebugLines } from "./safety/debugLines";
import { guardsOf } from "./safety/guards";
import { checkRules, factsOf } from "./safety/rules";
import { runProgram } from "./safety/runProgram";

dropDebugLines();

/** The program: loads what the stack specifies, connects to its cluster, builds all objects, checks them, and registers them. */
export = () =>
  runProgram(async () => {
    const config = await loadConfig();
    const { cluster, pullRequest } = config;
    const { scope, endpoints } = config.datasetsServer;

    const [connection, images] = await Promise.all([connectCluster(cluster, scope.namespace), pinImages(config)]);
    const datasetsServer = { ...config.datasetsServer, images };
    const objects = buildObjects(datasetsServer);
    const all = allObjects(objects);
    await checkRules(all, factsOf(datasetsServer));
    const guards = await guardsOf(connection, config, all);

    const provider = clusterProvider("kubernetes", connection, scope.namespace, guards.provider);
    const server = new DatasetsServer(
      scope.release,
      { scope, objects, url: `https://${endpoints.public.host}`, images: imagesOf(datasetsServer) },
      { provider, ...guards.server },
    );
    return { ...stackOutputs(cluster, scope, server, all), ...(pullRequest && { pullRequest }) };
  });
