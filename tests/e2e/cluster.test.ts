import assert from "node:assert/strict";
import fs from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { nextSteps } from "../../cli/diagnosis/nextSteps";
import { type ClusterHandle, clusterStatus, startCluster, stopCluster } from "../../tools/cluster";
import { localContext } from "../../tools/cluster/kubeconfig";
import { findProcesses } from "../../tools/cluster/processes";
import { findTools } from "../../tools/install";
import { type RunResult, run } from "../../tools/run";
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

  describe("when its API server refuses something", () => {
    const namespace = "refused";

    async function on(args: readonly string[], object?: object): Promise<RunResult> {
      const file = path.join(folder, "object.json");
      await fs.writeFile(file, JSON.stringify(object ?? {}));
      const where = ["--kubeconfig", cluster.kubeconfig, "--namespace", namespace];
      return run(toolbox.kubectl, [...where, ...args, ...(object ? ["--filename", file] : [])]);
    }

    async function apply(object: object): Promise<void> {
      const { code, stderr } = await on(["apply", "--server-side", "--field-manager=one"], object);
      assert.equal(code, 0, stderr);
    }

    /** What kubectl says once the API server refuses, as policies and quotas take a moment to be in force. */
    async function refusal(args: readonly string[], object?: object): Promise<string> {
      for (let tries = 0; tries < 60; tries++) {
        const { code, stderr } = await on(args, object);
        if (code !== 0 && !stderr.includes("status unknown for quota")) return stderr;
        await sleep(500);
      }
      return assert.fail("it was not refused");
    }

    const configMap = (name: string, data: object = {}, more: object = {}) => ({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name, namespace },
      data,
      ...more,
    });

    /** The one next step that ds tells of these words. */
    function nextStepOf(words: string): string {
      const steps = nextSteps("local", words);
      assert.equal(steps.length, 1, `${words}\n${steps.join("\n")}`);
      return steps[0] ?? "";
    }

    before(() => kubectl(cluster.kubeconfig, "create", "namespace", namespace));

    it("over a field of another manager, the next step is to ask who that is", async () => {
      await apply(configMap("conflict", { a: "theirs" }));
      const words = await refusal(
        ["apply", "--server-side", "--field-manager=another"],
        configMap("conflict", { a: "ours" }),
      );
      assert.match(nextStepOf(words), /^another writer holds a field .*ds drift local/);
    });

    it("over a field that cannot change, of an object or of a Job, the next step is to put it back", async () => {
      await apply(configMap("immutable", { a: "1" }, { immutable: true }));
      const job = (image: string) => ({
        apiVersion: "batch/v1",
        kind: "Job",
        metadata: { name: "immutable", namespace },
        spec: {
          suspend: true,
          template: { spec: { restartPolicy: "Never", containers: [{ name: "a", image: `localhost/${image}` }] } },
        },
      });
      await apply(job("one"));
      const again = ["apply", "--server-side", "--field-manager=one"];
      for (const object of [configMap("immutable", { a: "2" }, { immutable: true }), job("two")]) {
        const words = await refusal(again, object);
        assert.match(nextStepOf(words), /^a field of an object that is there cannot change: put it back/);
      }
    });

    it("over a policy, the next step is to ask whose it is", async () => {
      const metadata = { name: "refused-by-policy" };
      const match = { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } } };
      const rule = { apiGroups: [""], apiVersions: ["v1"], resources: ["configmaps"], operations: ["CREATE"] };
      const apiVersion = "admissionregistration.k8s.io/v1";
      await apply({
        apiVersion,
        kind: "ValidatingAdmissionPolicy",
        metadata,
        spec: {
          matchConstraints: { resourceRules: [rule] },
          validations: [{ expression: "!object.metadata.name.startsWith('denied')", message: "not by that name" }],
        },
      });
      await apply({
        apiVersion,
        kind: "ValidatingAdmissionPolicyBinding",
        metadata,
        spec: { policyName: metadata.name, validationActions: ["Deny"], matchResources: match },
      });
      const denied = ["create", "--dry-run=server"];
      assert.match(
        nextStepOf(await refusal(denied, configMap("denied"))),
        /^a policy of the cluster refuses the object: the message names policy and reason/,
      );
    });

    it("to someone who may not, the next step is to see what that identity lacks", async () => {
      for (const args of [
        ["get", "configmaps"],
        ["delete", "configmap", "immutable"],
      ]) {
        const words = await refusal([...args, "--as=nobody"]);
        assert.match(nextStepOf(words), /^this identity may not do that on the cluster: ds doctor local/);
      }
    });

    it("over a quota, the next step is to see what is used up", async () => {
      await apply({
        apiVersion: "v1",
        kind: "ResourceQuota",
        metadata: { name: "few", namespace },
        spec: { hard: { secrets: "0" } },
      });
      const secret = { apiVersion: "v1", kind: "Secret", metadata: { name: "more", namespace } };
      const words = await refusal(["create", "--dry-run=server"], secret);
      assert.match(nextStepOf(words), /^the namespace's quota is used up: kubectl describe resourcequota/);
    });

    it("over a value that it does not take, the next step is to correct it", async () => {
      const words = await refusal(["create", "--dry-run=server"], configMap("Not_A_Name"));
      assert.match(nextStepOf(words), /^the API server does not take a value of an object: /);
    });
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
