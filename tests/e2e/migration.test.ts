import assert from "node:assert/strict";
import path from "node:path";
import { BatchV1Api, type V1Job } from "@kubernetes/client-node";
import { explainUnready } from "../../cli/diagnosis";
import { type Cluster, fastPodStages, newCluster } from "../support/e2e/cluster";
import type { Engine } from "../support/e2e/engine";
import { firstRevision, type Milestone, milestones, recordHistory } from "../support/e2e/history";
import { settledPods } from "../support/e2e/workloads";
import { localClusterVariables, newEngine, suiteFolder } from "../support/e2e/world";

const namespace = "datasets-server";
const prefix = "datasets-server-local-mongodb-migration-";
const firstTag = "sha-59db084";
const secondTag = "sha-0123abc";
/** How Jobs with these tags fail is said in stages/failing.yaml. */
const tagWithoutMemory = "sha-badbad0";
const tagWithoutDatabase = "sha-badbad1";
const beforeWorkloads = ["mongodb", "mongodb-initiation", "mongodb-migration"];
/** What shows that an update fails by itself, and not because somebody stopped waiting; milliseconds. */
const promptly = 60_000;

describe("the migration of stack local", () => {
  let cluster: Cluster;
  let engine: Engine;

  before(async () => {
    const failing = path.join(__dirname, "../support/stages/failing.yaml");
    cluster = await newCluster(await suiteFolder("migration-cluster"), [...(await fastPodStages()), failing]);
    engine = await newEngine("local", await suiteFolder("migration"), localClusterVariables(cluster));
  });
  after(() => cluster.stop());

  async function up(): Promise<readonly Milestone[]> {
    return recordHistory(cluster.kubernetes, namespace, async () => {
      const { code, stdout, stderr } = await engine.up();
      assert.equal(code, 0, stdout + stderr);
    });
  }

  async function failingUp(tag: string): Promise<{ said: string; history: readonly Milestone[] }> {
    await engine.configure("images.tag", tag);
    let said = "";
    const started = Date.now();
    const history = await recordHistory(cluster.kubernetes, namespace, async () => {
      const { code, stdout, stderr } = await engine.up();
      said = stdout + stderr;
      assert.notEqual(code, 0, said);
    });
    assert.ok(Date.now() - started < promptly, `took ${Date.now() - started} ms`);
    return { said, history };
  }

  async function migrationJobs(): Promise<V1Job[]> {
    const batch = cluster.kubernetes.config.makeApiClient(BatchV1Api);
    const labelSelector = "app.kubernetes.io/component=mongodb-migration";
    return (await batch.listNamespacedJob({ namespace, labelSelector })).items;
  }

  /** Which Jobs there are by name, and which run of each. */
  async function migrations(): Promise<Record<string, string | undefined>> {
    return Object.fromEntries((await migrationJobs()).map(({ metadata }) => [metadata?.name, metadata?.uid]));
  }

  async function deployments(): Promise<string[]> {
    const { items } = await cluster.kubernetes.apps.listNamespacedDeployment({ namespace });
    return items.map(({ metadata }) => metadata?.name ?? "").sort();
  }

  const podUids = async () =>
    new Set((await settledPods(cluster.kubernetes, namespace)).map(({ metadata }) => metadata?.uid));

  const respecified = (history: readonly Milestone[]) =>
    [...new Set(milestones(history, { kind: "Deployment", reached: "respecified" }).map(({ name }) => name))].sort();

  it("starts when the database answers, and is complete before any workload exists", async () => {
    const history = await up();
    const workloads = history.filter(({ component }) => !beforeWorkloads.includes(component));
    const order = {
      "the database's pod is ready": firstRevision(history, { kind: "Pod", component: "mongodb", reached: "ready" }),
      "its initiation starts": firstRevision(history, { component: "mongodb-initiation", reached: "created" }),
      "its initiation is complete": firstRevision(history, { component: "mongodb-initiation", reached: "complete" }),
      "the migration starts": firstRevision(history, { component: "mongodb-migration", reached: "created" }),
      "the migration is complete": firstRevision(history, { component: "mongodb-migration", reached: "complete" }),
      "the first workload is made": firstRevision(workloads, { reached: "created" }),
    };
    const revisions = Object.values(order);
    assert.deepEqual(
      revisions,
      [...revisions].sort((a, b) => a - b),
      JSON.stringify(order),
    );
    const made = milestones(workloads, { kind: "Deployment", reached: "created" }).map(({ name }) => name);
    assert.deepEqual(made.sort(), await deployments());
    assert.ok(milestones(workloads, { kind: "CronJob", reached: "created" }).length > 0);
    assert.ok(milestones(workloads, { kind: "Pod", reached: "created" }).length >= made.length);
  });

  it("does not run again for another setting, size or secret, though everything else rolls", async () => {
    const before = await migrations();
    assert.deepEqual(Object.keys(before), [`${prefix}59db084`]);
    await engine.configure("env.LOG_LEVEL", "WARNING");
    await engine.configure("migration.resources.requests.cpu", "200m");
    await engine.setSecret("hfToken", "hf_another");
    const history = await up();
    assert.deepEqual(respecified(history), await deployments());
    assert.deepEqual(await migrations(), before);
    const { code, stdout, stderr } = await engine.preview("--expect-no-changes", "--diff");
    assert.equal(code, 0, stdout + stderr);
  });

  it("runs for another image before any workload of it starts, and the earlier Job goes afterwards", async () => {
    await engine.configure("images.tag", secondTag);
    const history = await up();
    const complete = firstRevision(history, { name: `${prefix}0123abc`, reached: "complete" });
    const firstChange = firstRevision(history, { kind: "Deployment", reached: "respecified" });
    const removed = firstRevision(history, { name: `${prefix}59db084`, reached: "deleted" });
    assert.ok(complete < firstChange && firstChange < removed, JSON.stringify({ complete, firstChange, removed }));
    assert.deepEqual(respecified(history), await deployments());
    assert.deepEqual(Object.keys(await migrations()), [`${prefix}0123abc`]);
  });

  it("says which container did not end well when the database cannot be reached", async () => {
    const { said } = await failingUp(tagWithoutDatabase);
    assert.match(said, /containers with incomplete status: \[wait-for-database\]/);
    assert.match(said, /\[BackoffLimitExceeded\] Job has reached the specified backoff limit/);
  });

  it("lets the stack go back to the image it came from, without migrating to that again", async () => {
    const { [`${prefix}0123abc`]: earlier } = await migrations();
    assert.ok(earlier);
    await engine.configure("images.tag", secondTag);
    const history = await up();
    assert.deepEqual(await migrations(), { [`${prefix}0123abc`]: earlier });
    assert.deepEqual(respecified(history), []);
  });

  it("fails the update with the pod's last words, leaves the workloads as they are and the pod to be read", async () => {
    const before = await podUids();
    const { said, history } = await failingUp(tagWithoutMemory);
    assert.match(
      said,
      /\[Pod datasets-server\/\S+-badbad0-\w+\]: \[Error\] MemoryError: migration 20230516101500 needs/,
    );
    assert.match(said, /\[BackoffLimitExceeded\] Job has reached the specified backoff limit/);
    assert.deepEqual(respecified(history), []);
    assert.deepEqual(await podUids(), before);
    const { items } = await cluster.kubernetes.core.listNamespacedPod({
      namespace,
      labelSelector: `job-name=${prefix}badbad0`,
    });
    assert.deepEqual(
      items.map(({ status }) => status?.phase),
      ["Failed"],
    );
  });

  it("is explained after a failed ds deploy by its pod: conditions, end and log, where a kubelet has that", async () => {
    const [head = "", ...why] = await explainUnready(
      { executable: "pulumi", environment: engine.environment },
      "local",
    );
    assert.match(
      head,
      /^why Job datasets-server\/\S+-badbad0 is not ready \(1 of its pods failed\): pod \S+-badbad0-\w+$/,
    );
    assert.ok(why.includes("  Ready is False: PodFailed"), why.join("\n"));
    assert.ok(
      why.includes(
        "  container mongodb-migration ended with exit code 1: Error: MemoryError: migration 20230516101500 needs more than it may have",
      ),
      why.join("\n"),
    );
    // A simulated node keeps no log.
    assert.match(
      why.at(-1) ?? "",
      /^ {2}its log is not here \(.+\): kubectl logs \S+ -c mongodb-migration -n datasets-server$/,
    );
    assert.ok(!why.some((line) => line.startsWith("why ")), why.join("\n"));
  });

  it("runs again with mended sizes after a failure of the same image, and the update converges", async () => {
    const { [`${prefix}badbad0`]: failed } = await migrations();
    await engine.configure("migration.resources.limits.memory", "2Gi");
    const history = await up();
    const [job, ...others] = await migrationJobs();
    assert.deepEqual(others, []);
    assert.notEqual(job?.metadata?.uid, failed);
    assert.equal(job?.spec?.template.spec?.containers[0]?.resources?.limits?.memory, "2Gi");
    const complete = firstRevision(history, { name: `${prefix}badbad0`, reached: "complete" });
    assert.ok(complete < firstRevision(history, { kind: "Deployment", reached: "respecified" }));
    assert.deepEqual(respecified(history), await deployments());
  });

  it("does not run where it is skipped, as for going back to an image that is older than the database", async () => {
    await engine.configure("migration.mode", "skip");
    await engine.configure("images.tag", firstTag);
    const history = await up();
    assert.deepEqual(milestones(history, { component: "mongodb-migration", reached: "created" }), []);
    assert.deepEqual(respecified(history), await deployments());
    assert.deepEqual(await migrations(), {});
  });
});
