import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs/promises";
import path from "node:path";
import { projectFolder } from "../../../cli/lib/project";
import { startCluster } from "../../../tools/cluster";
import { kubectl } from "../../../tools/cluster/kubectl";
import { findProcesses } from "../../../tools/cluster/processes";
import { findTool, findTools } from "../../../tools/install";
import { loadBalancerPorts, realNodeFolder, realNodeProblems } from "../../../tools/realNode";
import { run } from "../../../tools/run";
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
  const runKubectl = async (...args: string[]) => {
    const { code, stdout, stderr } = await kubectl(findTools(localGroups), paths, kubeconfig, args);
    if (code !== 0) throw new Error(`kubectl ${args.join(" ")}: ${stdout}${stderr}`);
    return stdout;
  };
  return {
    kubeconfig,
    kubernetes: connect(kubeconfig),
    stop,
    port: ports?.https ?? 0,
    kubectl: runKubectl,
    exec: (pod, ...command) => runKubectl("exec", "--namespace", namespace, pod, "--", ...command),
    loadBalancerLog: () => fs.readFile(path.join(realNodeFolder(paths), "logs", "addons.log"), "utf8"),
  };
}

/** Steady requests to services of stack local from before an action until it has ended, and enough of them are made. */
export async function withTraffic(
  { port }: Pick<RealCluster, "port">,
  requests: Pick<TrafficPlan, "everyMs" | "paths" | "atLeast">,
  action: () => Promise<unknown>,
): Promise<Traffic> {
  const plan: TrafficPlan = { ...requests, address: "127.0.0.1", port, host: "datasets-server.localhost" };
  const client = path.join(__dirname, "../real/trafficClient.ts");
  const args = ["-r", "ts-node/register/transpile-only", client, JSON.stringify(plan)];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  try {
    const printed = outputOf(child);
    await Promise.race([once(child.stdout, "data"), once(child, "exit")]);
    await action();
    child.kill("SIGTERM");
    return trafficSchema.parse(JSON.parse((await printed).trim().split("\n").at(-1) ?? ""));
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

/** A network namespace beyond a real node, with the addresses that it has there. */
export interface Beyond {
  /** Tries to open connections from one of its addresses to each `address:port`, in this order; answers with "opened" or why not. */
  connect(from: string, places: readonly string[]): Promise<string[]>;
}

/** Makes what is beyond the node: addresses at which these ports listen. It goes with the node. */
export async function startBeyond(
  { kubeconfig }: Pick<RealCluster, "kubeconfig">,
  addresses: readonly string[],
  ports: readonly number[],
): Promise<Beyond> {
  const folder = realNodeFolder(workspacePaths(path.dirname(kubeconfig)));
  const keeps = (commandLine: string) => commandLine.includes(`inside.ts ${folder}${path.sep}`);
  const insides = await findProcesses((line) => keeps(line) && line.startsWith(process.execPath));
  const inside = insides.at(-1);
  if (inside === undefined) throw new Error(`no node of ${folder} runs`);
  const enter = [`--target=${inside.pid}`, "--net", "--mount", "--pid", `--wd=${projectFolder}`, "--"];
  const there = ["ip", "netns", "exec", "beyond"];
  const setup = [
    "ip netns add beyond",
    "ip link add beyond0 type veth peer name beyond1 netns beyond",
    "ip addr add 10.99.0.1/24 dev beyond0",
    "ip link set beyond0 up",
    "ip -n beyond link set lo up",
    "ip -n beyond addr add 10.99.0.2/24 dev beyond1",
    "ip -n beyond link set beyond1 up",
    "ip -n beyond route add default via 10.99.0.1",
    ...addresses.map((address) => `ip -n beyond addr add ${address}/32 dev lo`),
    ...addresses.map((address) => `ip route add ${address}/32 via 10.99.0.2`),
  ];
  const { code, stderr } = await run("nsenter", [...enter, "sh", "-ec", setup.join("\n")]);
  if (code !== 0) throw new Error(stderr);
  const program = [process.execPath, "-r", "ts-node/register/transpile-only", "tests/support/real/beyond.ts"];
  const listeners = addresses.flatMap((address) => ports.map((port) => `${address}:${port}`));
  const listening = spawn("nsenter", [...enter, ...there, ...program, "listen", ...listeners], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(listening.stdout, "data");
  return {
    connect: async (from, places) => {
      const { stdout } = await run("nsenter", [...enter, ...there, ...program, "connect", from, ...places]);
      return stdout.trim().split("\n");
    },
  };
}
