import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import lockfile from "proper-lockfile";
import { clusterStatus, startCluster, stopCluster } from "../../../tools/cluster";
import { workspacePaths } from "../../../tools/workspace";
import { createFakeToolbox, type FakeToolbox } from "./fakeToolbox";

describe("local cluster", () => {
  let fake: FakeToolbox;
  let workspace: string;
  let lines: string[];
  beforeEach(() => {
    fake = createFakeToolbox();
    workspace = path.join(fake.folder, "workspace");
    lines = [];
  });
  afterEach(() => fake.dispose());

  const log = (line: string): void => void lines.push(line);
  const start = (folder: string) => startCluster(fake.toolbox, folder, { log });

  it("shows what failed, and leaves nothing of a failed start", async () => {
    fake.script("kwokctl", "echo the disk is full >&2; exit 3");
    await assert.rejects(
      start(workspace),
      /did not start: kwokctl create cluster ended with exit code 3\nthe disk is full/,
    );
    assert.deepEqual(fs.readdirSync(workspace), []);
  });

  it("names a process that ended, without waiting for kwokctl, and shows the end of its log", async () => {
    const made = 'cd "$HOME/.kwok/clusters/local"; touch pids/etcd.pid; echo no such flag > logs/etcd.log';
    fake.script(
      "kwokctl",
      `mkdir -p "$HOME/.kwok/clusters/local/pids" "$HOME/.kwok/clusters/local/logs"; ${made}; sleep 2`,
    );
    await assert.rejects(start(workspace), /did not start: etcd ended by itself\n--- end of etcd\.log\nno such flag/);
    assert.deepEqual(fs.readdirSync(workspace), []);
  });

  it("starts once more when another process took one of its ports", async () => {
    fake.script("kwokctl", "echo listen tcp 127.0.0.1:20001: bind: address already in use; exit 1");
    await assert.rejects(start(workspace), /address already in use/);
    assert.equal(lines.filter((line) => line.includes("starting again")).length, 1);
  });

  it("gives kwokctl a home and a kubeconfig inside the workspace, and none of the user's settings", async () => {
    fake.script("kwokctl", 'echo "home=$HOME kubeconfig=$KUBECONFIG args=$*"; exit 1');
    const error: unknown = await start(workspace).catch((reason: unknown) => reason);
    const inside = path.join(workspace, "cluster");
    assert.ok(error instanceof Error);
    assert.ok(error.message.includes(`home=${inside} kubeconfig= `), error.message);
    assert.ok(error.message.includes(`--kubeconfig ${inside}/`), error.message);
  });

  it("refuses a workspace whose path kwok would cut", async () => {
    await assert.rejects(start(path.join(fake.folder, "a,b")), /a,b: kwok cuts paths at a comma; choose another/);
  });

  it("is absent where nothing is, and looking or stopping creates nothing", async () => {
    assert.equal(await clusterStatus(fake.toolbox, workspace), "absent");
    await stopCluster(fake.toolbox, workspace, log);
    assert.ok(!fs.existsSync(workspace));
    assert.deepEqual(lines, []);
  });

  it("is stopped where only its files are, and stopping removes them but no other file of the workspace", async () => {
    const paths = workspacePaths(workspace);
    fs.mkdirSync(paths.cluster, { recursive: true });
    fs.mkdirSync(paths.state);
    fs.writeFileSync(paths.kubeconfig, "");
    assert.equal(await clusterStatus(fake.toolbox, workspace), "stopped");
    await stopCluster(fake.toolbox, workspace, log);
    assert.equal(await clusterStatus(fake.toolbox, workspace), "absent");
    assert.deepEqual(fs.readdirSync(workspace), ["state"]);
  });

  it("waits for another command that starts or stops it, and says so", async () => {
    fake.script("kwokctl", "exit 1");
    const { root, clusterLock } = workspacePaths(workspace);
    fs.mkdirSync(root);
    const release = await lockfile.lock(root, { lockfilePath: clusterLock });
    const starting = assert.rejects(start(workspace));
    // Until it says something, or the test runs into its limit.
    while (lines.length === 0) await sleep(5);
    assert.deepEqual(lines, ["local cluster: waiting for the command that starts or stops it now"]);
    await release();
    await starting;
  });
});
