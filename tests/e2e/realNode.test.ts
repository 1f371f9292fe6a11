import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type ClusterHandle, clusterStatus, startCluster, stopCluster } from "../../tools/cluster";
import { kubectl } from "../../tools/cluster/kubectl";
import { freePorts } from "../../tools/cluster/ports";
import { findProcesses } from "../../tools/cluster/processes";
import { findTool, findTools } from "../../tools/install";
import { nodeId, realNodeFolder, realNodeProblems } from "../../tools/realNode";
import { cgroupFolders } from "../../tools/realNode/cgroups";
import { localGroups } from "../../tools/toolbox";
import { workspacePaths } from "../../tools/workspace";
import { connect, type Kubernetes } from "../support/e2e/kubernetes";
import { suiteFolder } from "../support/e2e/world";

const namespace = "default";
const image = "registry.test/hub-datasets-server-api:sha-1";
const idleImage = "registry.test/idle:1";

/** Moments after its start at which `startCluster` is killed; milliseconds. */
const killedAfterMs = [1_500, 4_000, 7_000, 10_000];

/** What a node could leave on the machine, whoever made it. */
interface MachineState {
  readonly mounts: string;
  readonly interfaces: readonly string[];
}

async function machineState(): Promise<MachineState> {
  const interfaces = await fs.readdir("/sys/class/net");
  return { mounts: await fs.readFile("/proc/self/mounts", "utf8"), interfaces: interfaces.sort() };
}

const namespaceOf = (pid: number | string) => fs.readlink(`/proc/${pid}/ns/net`).catch(() => undefined);

/** The network namespaces of processes, but this one's. */
async function namespacesOf(pids: readonly number[]): Promise<Set<string | undefined>> {
  const found = new Set(await Promise.all(pids.map(namespaceOf)));
  for (const own of [await namespaceOf(process.pid), undefined]) found.delete(own);
  return found;
}

/** The command lines of all processes in some network namespaces. */
async function processesIn(namespaces: ReadonlySet<string | undefined>): Promise<string[]> {
  const processes = await findProcesses(() => true);
  const found = await Promise.all(processes.map(async (each) => ({ ...each, namespace: await namespaceOf(each.pid) })));
  return found.filter(({ namespace }) => namespaces.has(namespace)).map(({ commandLine }) => commandLine);
}

describe("a real node", function () {
  this.timeout(5 * 60_000);
  const toolbox = findTools(localGroups);
  let folder: string;
  let workspace: string;
  let cluster: ClusterHandle;
  let kubernetes: Kubernetes;
  let untouched: MachineState;

  before(async function () {
    const [problem] = await realNodeProblems();
    const missing = findTool("kubelet") === undefined ? "its tools are not installed: ds tools install" : undefined;
    if (problem !== undefined || missing !== undefined) {
      console.log(`      skipped: ${problem ?? missing}`);
      this.skip();
    }
    folder = await suiteFolder("node");
    workspace = path.join(folder, "first");
    untouched = await machineState();
    cluster = await start(workspace);
    kubernetes = connect(cluster.kubeconfig);
  });
  after(async () => {
    if (workspace !== undefined) await stopCluster(toolbox, workspace, () => {});
  });

  const start = (where: string) =>
    startCluster(toolbox, where, {
      realNode: { tools: findTools(["node"]), images: [{ reference: image }, { reference: idleImage }] },
      log: () => {},
    });

  async function run(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await kubectl(toolbox, workspacePaths(workspace), cluster.kubeconfig, args);
    assert.equal(code, 0, `kubectl ${args.join(" ")}: ${stdout}${stderr}`);
    return stdout;
  }

  /** How a connection from a pod to an address ends: `opened`, `refused`, `timeout`. */
  const connectionFrom = async (pod: string, address: string) =>
    (await run("exec", pod, "--", "standin", `/connect?to=tcp/${address}&within=1000`)).trim();

  async function eventually(what: string, isSo: () => Promise<boolean>): Promise<void> {
    for (let attempt = 0; attempt < 60; attempt += 1) {
      if (await isSo()) return;
      await sleep(500);
    }
    assert.fail(`${what} did not come true within 30 s`);
  }

  /** Nothing of a cluster is left: not in its workspace, not among processes, cgroups, mounts and interfaces. */
  async function assertNothingLeft(where: string): Promise<void> {
    assert.deepEqual(await fs.readdir(where), []);
    assert.deepEqual(await findProcesses((commandLine) => commandLine.includes(`${where}/`)), []);
    const id = nodeId(realNodeFolder(workspacePaths(where)));
    for (const cgroup of cgroupFolders(id)) await assert.rejects(fs.access(cgroup), { code: "ENOENT" });
    assert.deepEqual(await machineState(), untouched);
  }

  it("is the cluster's only one, and ready", async () => {
    const { items } = await kubernetes.core.listNode();
    assert.deepEqual(
      items.map(({ metadata, status }) => [
        metadata?.name,
        status?.conditions?.find(({ type }) => type === "Ready")?.status,
      ]),
      [["real", "True"]],
    );
  });

  it("runs the pods of a Deployment, which answer at their Service", async () => {
    const labels = { app: "api" };
    const container = {
      name: "api",
      image,
      env: [
        { name: "API_UVICORN_HOSTNAME", value: "0.0.0.0" },
        { name: "API_UVICORN_PORT", value: "8080" },
      ],
      readinessProbe: { httpGet: { path: "/healthcheck", port: 8080 }, periodSeconds: 1 },
    };
    await kubernetes.apps.createNamespacedDeployment({
      namespace,
      body: {
        metadata: { name: "api" },
        spec: {
          replicas: 2,
          selector: { matchLabels: labels },
          template: { metadata: { labels }, spec: { containers: [container] } },
        },
      },
    });
    await kubernetes.core.createNamespacedService({
      namespace,
      body: { metadata: { name: "api" }, spec: { selector: labels, ports: [{ port: 80, targetPort: 8080 }] } },
    });
    for (const name of ["friend", "stranger"]) {
      const spec = { containers: [{ name: "idle", image: idleImage }] };
      await kubernetes.core.createNamespacedPod({ namespace, body: { metadata: { name, labels: { name } }, spec } });
    }
    await run("rollout", "status", "deployment/api", "--timeout=60s");
    await run("wait", "--for=condition=Ready", "pods", "--all", "--timeout=60s");
    // A pod is ready a moment before kube-proxy has its address.
    const service = "api.default.svc.cluster.local:80";
    await eventually("an answer", async () => (await connectionFrom("friend", service)) === "opened");
  });

  it("has its pods' logs read, commands run in them, and ports forwarded to them", async () => {
    assert.match(await run("logs", "deployment/api"), /Uvicorn running on http:\/\/0\.0\.0\.0:8080/);
    assert.equal(await run("exec", "friend", "--", "cat", "/proc/1/comm"), "standin\n");
    assert.match(await run("describe", "pod", "friend"), /Started\s.*kubelet/);
    const [port = 0] = await freePorts(1);
    const forward = spawn(toolbox.kubectl, [
      "--kubeconfig",
      cluster.kubeconfig,
      "port-forward",
      "service/api",
      `${port}:80`,
    ]);
    try {
      await once(forward.stdout, "data");
      const answer = await fetch(`http://127.0.0.1:${port}/splits`);
      assert.equal(answer.status, 200);
      assert.match(await answer.text(), /"service":"api"/);
    } finally {
      forward.kill();
      await once(forward, "close");
    }
  });

  it("enforces network policies", async () => {
    const service = "api.default.svc.cluster.local:80";
    assert.equal(await connectionFrom("stranger", service), "opened");
    const friends = { podSelector: { matchLabels: { name: "friend" } } };
    await kubernetes.networking.createNamespacedNetworkPolicy({
      namespace,
      body: {
        metadata: { name: "api" },
        spec: {
          podSelector: { matchLabels: { app: "api" } },
          policyTypes: ["Ingress"],
          ingress: [{ _from: [friends] }],
        },
      },
    });
    await eventually("a refusal", async () => (await connectionFrom("stranger", service)) === "refused");
    assert.equal(await connectionFrom("friend", service), "opened");
  });

  it("lives beside another, which leaves nothing", async () => {
    const second = path.join(folder, "second");
    const { kubeconfig, stop } = await start(second);
    const { items } = await connect(kubeconfig).core.listPodForAllNamespaces();
    assert.deepEqual(items, []);
    await stop();
    await assertNothingLeft(second);
    assert.equal(await clusterStatus(toolbox, workspace), "running");
    assert.equal(await connectionFrom("friend", "api.default.svc.cluster.local:80"), "opened");
  });

  it("ends with all its pods, and leaves nothing", async () => {
    const known = await findProcesses((commandLine) => commandLine.includes(`${workspace}/cluster/node/`));
    const namespaces = await namespacesOf(known.map(({ pid }) => pid));
    assert.ok((await processesIn(namespaces)).some((commandLine) => commandLine.includes("containerd-shim")));
    await stopCluster(toolbox, workspace, () => {});
    assert.deepEqual(await processesIn(namespaces), []);
    await assertNothingLeft(workspace);
  });

  for (const moment of killedAfterMs) {
    it(`leaves nothing after its start was killed at ${moment / 1000} s`, async () => {
      const killed = path.join(folder, `killed-${moment}`);
      await fs.mkdir(killed);
      const script = path.join(__dirname, "../support/real/startNode.ts");
      const child = spawn(process.execPath, ["-r", "ts-node/register/transpile-only", script, killed], {
        stdio: "ignore",
      });
      const ended = once(child, "exit");
      await sleep(moment);
      child.kill("SIGKILL");
      await ended;
      await stopCluster(toolbox, killed, () => {});
      await fs.rm(workspacePaths(killed).clusterLock, { recursive: true, force: true });
      await assertNothingLeft(killed);
    });
  }
});
