import { startCluster } from "../../../tools/cluster";
import { findTools } from "../../../tools/install";
import { localGroups } from "../../../tools/toolbox";

/** Starts a cluster with a real node in the workspace of the first argument, as a process that a test can kill. */
async function main([workspace = ""]: readonly string[]): Promise<void> {
  const realNode = { tools: findTools(["node"]), images: [] };
  await startCluster(findTools(localGroups), workspace, { realNode });
}

void main(process.argv.slice(2));
