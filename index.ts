import { clusterProvider, connectCluster } from "./components/cluster";
import { DatasetsServer } from "./components/datasetsServer";
import { dropDebugLines } from "./components/debugLines";
import { guardsOf } from "./components/guards";
import { clusterOutput, commands } from "./components/outputs";
import { factsOf, rulesGate } from "./components/rules";
import { loadConfig } from "./config/load";

dropDebugLines();

/** The program: what the stack says, its cluster, all that runs there, and what to know about it afterwards. */
export = async () => {
  const config = loadConfig();
  const { cluster, offline, pullRequest, datasetsServer } = config;
  const { scope } = datasetsServer;

  const connection = await connectCluster(cluster, { namespace: scope.namespace, offline });
  const guards = await guardsOf(connection, config);
  const provider = clusterProvider("kubernetes", connection, scope.namespace, guards.provider);
  const rules = rulesGate(factsOf(datasetsServer));
  const opts = { provider, ...rules.options };
  const server = new DatasetsServer(scope.release, { ...datasetsServer, ...guards.objects }, opts);
  await rules.pass();

  return {
    namespace: scope.namespace,
    url: server.url,
    cluster: clusterOutput(cluster),
    images: server.images,
    commands: commands(cluster, scope, "api"),
    ...(pullRequest && { pullRequest }),
  };
};
