import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs/promises";
import path from "node:path";
import { startCluster } from "../../../tools/cluster";
import { kubectl } from "../../../tools/cluster/kubectl";
import { findTool, findTools } from "../../../tools/install";
import { loadBalancerPorts, realNodeFolder, realNodeProblems } from "../../../tools/realNode";
import { goProblem } from "../../../tools/sources/go";
import type { StandInImage } from "../../../tools/standin";
import { localGroups } from "../../../tools/toolbox";
import { workspacePaths } from "../../../tools/workspace";
import { type Traffic, type TrafficPlan, trafficSchema } from "../real/trafficClient";
import type { Cluster } from "./cluster";
import { connect } from "./kubernetes";
import { podsOfStacks } from "./podTemplates";
import { suiteFolder } from "./world";

/** A cluster whose pods are containers, and the load balancers before it. */
export interface RealCluster extends Cluster {
  /** Of the load balancers' HTTPS listener, on 127.0.0.1; TLS ends before it. */
  readonly port: number;
  /** Runs a command in a container of a pod; returns what it prints. */
  exec(pod: string, ...command: string[]): Promise<string>;
  kubectl(...args: string[]): Promise<string>;
  /** What the load balancers said: targets' health, and why requests failed. */
  loadBalancerLog(): Promise<string>;
}

const namespace = "datasets-server";

/** Returns why no real node can run here; undefined when one can. */
export async function whyNoRealNode(): Promise<string | undefined> {
  const [problem] = [...(await realNodeProblems()), ...[await goProblem()].filter((each) => each !== undefined)];
  if (problem !== undefined) return problem;
  return findTool("kubelet") === undefined
    ? "the tools of a real node are not installed: ds tools install node"
    : undefined;
}

/** The images that the pods of stack local name, with other tags beside: by tag, what the stand-in of these is told. */
export async function imagesOfLocal(
  tags: Readonly<Record<string, StandInImage["environment"]>>,
): Promise<StandInImage[]> {
  const pods = await podsOfStacks(["local"]);
  const references = pods.flatMap(({ spec }) =>
    [...(spec.initContainers ?? []), ...spec.containers].map(({ image = "" }) => image),
  );
  return [...new Set(references)].flatMap((reference) => [
    { reference },
    ...(reference.includes("@") ? [] : Object.entries(tags)).map(([tag, environment]) => ({
      reference: reference.replace(/:[^:]*$/, `:${tag}`),
      ...(environment && { environment }),
    })),
  ]);
}

/** Starts the one cluster with a real node of a test file. */
export async function startRealCluster(images: readonly StandInImage[]): Promise<RealCluster> {
  const workspace = await suiteFolder("cluster");
  const tools = findTools(["node"]);
  const { kubeconfig, stop } = await startCluster(findTools(localGroups), workspace, {
    realNode: { tools, images },
    log: () => {},
  });
  const paths = workspacePaths(workspace);
  const ports = await loadBalancerPorts(paths);
  const run = async (...args: string[]) => {
    const { code, stdout, stderr } = await kubectl(findTools(localGroups), paths, kubeconfig, args);
    if (code !== 0) throw new Error(`kubectl ${args.join(" ")}: ${stdout}${stderr}`);
    return stdout;
  };
  return {
    kubeconfig,
    kubernetes: connect(kubeconfig),
    stop,
    port: ports?.https ?? 0,
    kubectl: run,
    exec: (pod, ...command) => run("exec", "--namespace", namespace, pod, "--", ...command),
    loadBalancerLog: () => fs.readFile(path.join(realNodeFolder(paths), "logs", "addons.log"), "utf8"),
  };
}

/** Steady requests to every service of stack local from before an action until it has ended. */
export async function withTraffic(
  { port }: Pick<RealCluster, "port">,
  { everyMs, paths }: Pick<TrafficPlan, "everyMs" | "paths">,
  action: () => Promise<unknown>,
): Promise<Traffic> {
  const plan: TrafficPlan = { address: "127.0.0.1", port, host: "datasets-server.localhost", everyMs, paths };
  const client = path.join(__dirname, "../real/trafficClient.ts");
  const args = ["-r", "ts-node/register/transpile-only", client, JSON.stringify(plan)];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  try {
    const printed = outputOf(child);
    await action();
    child.kill("SIGTERM");
    return trafficSchema.parse(JSON.parse(await printed));
  } finally {
    child.kill("SIGKILL");
  }
}

async function outputOf(child: ChildProcess): Promise<string> {
  let text = "";
  child.stdout?.setEncoding("utf8").on("data", (part: string) => {
    text += part;
  });
  await once(child, "close");
  return text;
}
