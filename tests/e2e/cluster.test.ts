import assert from "node:assert/strict";
import fs from "node:fs/promises";
import path from "node:path";
import { type ClusterHandle, clusterStatus, startCluster, stopCluster } from "../../tools/cluster";
import { localContext } from "../../tools/cluster/kubeconfig";
import { findProcesses } from "../../tools/cluster/processes";
import { findTools } from "../../tools/install";
import { run } from "../../tools/run";
import { localGroups } from "../../tools/toolbox";
import { suiteFolder } from "../support/e2e/world";
import { rememberEnvironment } from "../support/environment";

describe("local cluster", () => {
  const toolbox = findTools(localGroups);
  let folder: string;
  let workspace: string;
  let cluster: ClusterHandle;

  const start = (where: string) => startCluster(toolbox, where, { log: () => {} });
  const processesOf = (where: string) => findProcesses((commandLine) => commandLine.includes(`${where}/`));

  async function kubectl(kubeconfig: string, ...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await run(toolbox.kubectl, ["--kubeconfig", kubeconfig, ...args]);
    assert.equal(code, 0, stderr);
    return stdout;
  }

  before(async () => {
    folder = await suiteFolder("local clusters");
    workspace = path.join(folder, "first");
  });
  after(() => stopCluster(toolbox, workspace, () => {}));

  it("starts without touching the user's kubeconfig files", async () => {
    const home = path.join(folder, "home");
    const files = [path.join(home, ".kube", "config"), path.join(folder, "user-kubeconfig")];
    await fs.mkdir(path.join(home, ".kube"), { recursive: true });
    for (const file of files) await fs.writeFile(file, "current-context: the-user's-own\n");
    const restoreEnvironment = rememberEnvironment();
    Object.assign(process.env, { HOME: home, KUBECONFIG: files[1] });
    try {
      cluster = await start(workspace);
    } finally {
      restoreEnvironment();
    }
    for (const file of files) assert.equal(await fs.readFile(file, "utf8"), "current-context: the-user's-own\n");
    assert.deepEqual(await fs.readdir(home, { recursive: true }), [".kube", ".kube/config"]);
  });

  it("is reached by a context of its own, and by no address but 127.0.0.1", async () => {
    assert.equal((await kubectl(cluster.kubeconfig, "config", "get-contexts", "--output=name")).trim(), localContext);
    const servers = await kubectl(
      cluster.kubeconfig,
      "config",
      "view",
      "--output=jsonpath={.clusters[*].cluster.server}",
    );
    assert.match(servers, /^https:\/\/127\.0\.0\.1:\d+$/);
    const commandLines = (await processesOf(workspace)).map(({ commandLine }) => commandLine).join(" ");
    const addresses = commandLines.match(/(?<=--(?:bind-address=|server-address=|listen-\S+-urls=http:\/\/))[^:\s]+/g);
    assert.deepEqual(addresses, Array(6).fill("127.0.0.1"));
  });

  it("is left alone when it is started again", async () => {
    const processes = await processesOf(workspace);
    assert.equal((await start(workspace)).created, false);
    assert.deepEqual(await processesOf(workspace), processes);
  });

  it("lives beside others, which can start at the same moment and stop without a trace", async () => {
    await kubectl(cluster.kubeconfig, "create", "namespace", "only-in-first");
    const others = await Promise.all(["second", "third"].map((name) => start(path.join(folder, name))));
    for (const other of others) {
      const namespaces = await kubectl(other.kubeconfig, "get", "namespaces", "--output=name");
      assert.ok(namespaces.includes("namespace/default") && !namespaces.includes("only-in-first"));
      const root = path.dirname(other.kubeconfig);
      await other.stop();
      assert.deepEqual(await fs.readdir(root), []);
      assert.deepEqual(await processesOf(root), []);
    }
    assert.equal(await clusterStatus(toolbox, workspace), "running");
  });

  it("is waited for, and left alone, when it does not answer", async () => {
    const before = await processesOf(workspace);
    const [server] = before.filter(({ commandLine }) => commandLine.includes("/kube-apiserver "));
    assert.ok(server);
    const lines: string[] = [];
    process.kill(server.pid, "SIGSTOP");
    const log = (line: string) => {
      lines.push(line);
      process.kill(server.pid, "SIGCONT");
    };
    try {
      assert.equal((await startCluster(toolbox, workspace, { log })).created, false);
    } finally {
      process.kill(server.pid, "SIGCONT");
    }
    assert.deepEqual(lines, [
      "local cluster: it is there and does not answer yet; waiting for it",
      "local cluster: already running",
    ]);
    assert.deepEqual(await processesOf(workspace), before);
    assert.match(await kubectl(cluster.kubeconfig, "get", "namespaces", "--output=name"), /only-in-first/);
  });

  it("is left as it is when it has not answered for long, which is said", async () => {
    const before = await processesOf(workspace);
    const [server] = before.filter(({ commandLine }) => commandLine.includes("/kube-apiserver "));
    assert.ok(server);
    process.kill(server.pid, "SIGSTOP");
    try {
      const starting = startCluster(toolbox, workspace, { log: () => {}, slowLimitMs: 1 });
      await assert.rejects(starting, /did not answer .*no changes were made to it.*\nNext: .*`ds down` removes it/);
    } finally {
      process.kill(server.pid, "SIGCONT");
    }
    assert.deepEqual(await processesOf(workspace), before);
  });

  it("is recreated, empty, when one of its processes died", async () => {
    const [manager] = (await processesOf(workspace)).filter(({ commandLine }) =>
      commandLine.includes("/kube-controller-manager "),
    );
    assert.ok(manager);
    process.kill(manager.pid, "SIGKILL");
    while ((await clusterStatus(toolbox, workspace)) === "running");
    assert.equal(await clusterStatus(toolbox, workspace), "unhealthy");
    cluster = await start(workspace);
    assert.equal(cluster.created, true);
    const namespaces = await kubectl(cluster.kubeconfig, "get", "namespaces", "--output=name");
    assert.ok(!namespaces.includes("only-in-first"));
  });
});
