import fs from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { prepareRealNode, type RealNodeArgs, realNodeFolder, realVolumes, startRealNode } from "../realNode";
import { nodeName } from "../realNode/settings";
import { type RunResult, run } from "../run";
import type { Toolbox } from "../toolbox";
import { cleanEnvironment, type WorkspacePaths } from "../workspace";
import { type ComponentArgs, clusterConfig, clusterName } from "./config";
import { selfContainedKubeconfig } from "./kubeconfig";
import { kubectl } from "./kubectl";
import { realNodeLabels } from "./nodes";
import { localObjects, type NodesOptions } from "./objects";
import { kwokFolder, removeCluster, runningComponents } from "./presence";
import type { PodStages } from "./stages";

interface CreationOptions {
  readonly podStages: PodStages;
  readonly apiServerArgs: ComponentArgs;
  /** Default: the nodes are simulated. */
  readonly realNode: RealNodeArgs | undefined;
  readonly log: (line: string) => void;
}

const startLimitMs = 120_000;
const readyLimit = "60s";
const shownLogLines = 6;
const watchMs = 250;
const portTaken = "address already in use";

/**
 * Creates a cluster where none is. The workspace's kubeconfig appears only once everything is ready.
 *
 * @throws with the command that failed and the end of each process's log, after removing what was created.
 */
export async function createCluster(toolbox: Toolbox, paths: WorkspacePaths, options: CreationOptions): Promise<void> {
  if (paths.root.includes(",")) {
    throw new Error(`a cluster cannot live in ${paths.root}: kwok cuts paths at a comma; choose another workspace`);
  }
  const startedMs = Date.now();
  options.log("local cluster: starting");
  await attempt(toolbox, paths, options).catch((error: Error) => {
    if (!error.message.includes(portTaken)) throw error;
    options.log("local cluster: another process took one of its ports; starting again");
    return attempt(toolbox, paths, options);
  });
  options.log(`local cluster: ready in ${((Date.now() - startedMs) / 1000).toFixed(1)} s`);
}

async function attempt(toolbox: Toolbox, paths: WorkspacePaths, options: CreationOptions): Promise<void> {
  const { podStages, apiServerArgs, realNode } = options;
  await fs.mkdir(paths.cluster, { recursive: true, mode: 0o700 });
  const toNode = realNode && (await prepareRealNode(paths));
  const config = await clusterConfig(toolbox, podStages, { ...apiServerArgs, ...toNode });
  const draft = path.join(paths.cluster, "kubeconfig");
  const create = async () => {
    await startProcesses(toolbox, paths, config.yaml);
    const pkiFolder = path.join(kwokFolder(paths), "pki");
    await fs.writeFile(draft, await selfContainedKubeconfig(config.apiServerPort, pkiFolder), { mode: 0o600 });
    // It starts while the API server takes its first objects.
    if (realNode) await startRealNode(paths, realNode, { kubeconfig: draft, apiServerPort: config.apiServerPort });
    await createObjects(toolbox, paths, draft, realNode && { realVolumes: realVolumes(paths) });
  };
  const over = new AbortController();
  try {
    await Promise.race([create(), failWhenOneEnds(paths, over.signal)]);
    await fs.rename(draft, paths.kubeconfig);
  } catch (error) {
    const folders = [kwokFolder(paths), realNodeFolder(paths)].map((folder) => path.join(folder, "logs"));
    const ends = (await Promise.all(folders.map(logEnds))).join("");
    await removeCluster(toolbox, paths);
    throw new Error(`the local cluster did not start: ${error instanceof Error ? error.message : error}${ends}`, {
      cause: error,
    });
  } finally {
    over.abort();
  }
}

/** kwokctl would wait for minutes for a process that has ended at once, say for a wrong argument. */
async function failWhenOneEnds(paths: WorkspacePaths, over: AbortSignal): Promise<void> {
  while (!over.aborted) {
    const pidFiles = await fs.readdir(path.join(kwokFolder(paths), "pids")).catch(() => []);
    const running = await runningComponents(paths);
    const ended = pidFiles.map((file) => path.parse(file).name).filter((name) => !running.includes(name));
    if (ended.length > 0 && !over.aborted) throw new Error(`${ended.join(", ")} ended by itself`);
    await sleep(watchMs);
  }
}

async function startProcesses(toolbox: Toolbox, paths: WorkspacePaths, config: string): Promise<void> {
  await fs.writeFile(path.join(paths.cluster, "config.yaml"), config);
  // Without --kubeconfig kwokctl writes its context into the user's own file.
  const unused = path.join(paths.cluster, "kwokctl-kubeconfig");
  const args = ["create", "cluster", "--name", clusterName, "--config", "config.yaml", "--kubeconfig", unused];
  const env = {
    ...cleanEnvironment(),
    // kwokctl asks the first kubectl on PATH whether the API answers.
    PATH: [path.dirname(toolbox.kubectl), process.env.PATH ?? ""].join(path.delimiter),
    // It works in $HOME/.kwok. KWOK_WORKDIR would name the folder directly, but is cut at the first space.
    HOME: paths.cluster,
  };
  const result = await run(toolbox.kwokctl, args, { cwd: paths.cluster, env, timeoutMs: startLimitMs });
  mustSucceed("kwokctl create cluster", result);
}

async function createObjects(
  toolbox: Toolbox,
  paths: WorkspacePaths,
  kubeconfig: string,
  nodes: NodesOptions | undefined,
): Promise<void> {
  const inCluster = async (args: readonly string[]) =>
    mustSucceed(`kubectl ${args.join(" ")}`, await kubectl(toolbox, paths, kubeconfig, args));
  const objectsFile = path.join(paths.cluster, "objects.json");
  const list = { apiVersion: "v1", kind: "List", items: localObjects(nodes) };
  await fs.writeFile(objectsFile, JSON.stringify(list));
  const files = [objectsFile, toolbox["prometheus-operator-crds"]].flatMap((file) => ["--filename", file]);
  await inCluster(["create", "--validate=false", ...files]);
  const wait = (...args: string[]) => inCluster(["wait", `--timeout=${readyLimit}`, ...args]);
  if (nodes !== undefined) {
    await wait("--for=create", `node/${nodeName}`);
    await inCluster(["label", "node", nodeName, ...realNodeLabels()]);
  }
  await Promise.all([
    wait("--for=condition=Ready", "nodes", "--all"),
    wait("--for=condition=Established", "customresourcedefinitions", "--all"),
    // Shows that the controllers work.
    wait("--for=create", "serviceaccount/default", "--namespace=default"),
  ]);
}

function mustSucceed(command: string, result: RunResult): void {
  if (result.code === 0) return;
  throw new Error(`${command} ended with exit code ${result.code}\n${result.stdout}${result.stderr}`.trimEnd());
}

async function logEnds(logFolder: string): Promise<string> {
  const names = await fs.readdir(logFolder).catch(() => []);
  const ends = await Promise.all(
    names.map(async (name) => {
      const lines = (await fs.readFile(path.join(logFolder, name), "utf8")).trimEnd().split("\n");
      return `\n--- end of ${name}\n${lines.slice(-shownLogLines).join("\n")}`;
    }),
  );
  return ends.join("");
}
