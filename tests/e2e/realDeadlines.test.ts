import assert from "node:assert/strict";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { V1Pod } from "@kubernetes/client-node";
import { jobNames } from "../../catalog/jobs";
import { serviceNames } from "../../catalog/services";
import { explainUnready } from "../../cli/diagnosis";
import type { Engine } from "../support/e2e/engine";
import { isReady, stayingPods } from "../support/e2e/kubernetes";
import { imagesOfLocal, type RealCluster, startRealCluster, whyNoRealNode } from "../support/e2e/realNode";
import { setStackFile } from "../support/e2e/stackFile";
import { localClusterVariables, newEngine, suiteFolder } from "../support/e2e/world";

const namespace = "datasets-server";
const release = "datasets-server-local";

/** Of an API that starts slowly, workers with long jobs, and scheduled jobs that fail. */
const tag = "sha-0000001";
const startSeconds = 12;
const jobSeconds = 40;
const lastWords = "KeyError: 'cache_maintenance'";
const told: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  api: { STANDIN_START_SECONDS: `${startSeconds}` },
  worker: { STANDIN_JOB_SECONDS: `${jobSeconds}` },
  cache_maintenance: { STANDIN_FAIL: lastWords },
};

/** Of an API that ends as soon as it starts. */
const crashingTag = "sha-0bad000";
const crash = "ModuleNotFoundError: No module named 'libapi'";

/** What the pools' pods may take to end: one is patient enough for a job, the other is not. */
const graceSeconds = { light: 60, heavy: 2 };

/** Enough for the kubelet to look at volumes, once a minute, and at what they may hold, every ten seconds. */
const limitMs = 120_000;

describe("pods of stack local on a real node, with time against them", function () {
  this.timeout(5 * 60_000);
  let cluster: RealCluster;
  let engine: Engine;
  // What takes a minute goes on beside the tests.
  let hung: ReturnType<typeof hang>;
  let evicted: ReturnType<typeof hoard>;

  before(async function () {
    const problem = await whyNoRealNode();
    if (problem !== undefined) {
      console.log(`      skipped: ${problem}`);
      this.skip();
    }
    const images = await imagesOfLocal({ [tag]: {}, [crashingTag]: { STANDIN_FAIL: crash } });
    cluster = await startRealCluster(
      images.map((image) => {
        const [, program = ""] = new RegExp(`/hub-datasets-server-(\\w+):${tag}$`).exec(image.reference) ?? [];
        return { ...image, environment: { ...image.environment, ...told[program] } };
      }),
    );
    engine = await newEngine("local", await suiteFolder("local"), localClusterVariables(cluster));
    await setStackFile(path.join(engine.folder, "Pulumi.local.yaml"), (set) => {
      set(["images", "tag"], tag);
      set(["services", "api", "replicas"], 1);
      for (const service of serviceNames.filter((name) => name !== "api")) set(["services", service], undefined);
      for (const job of jobNames.filter((name) => name !== "backfill")) set(["jobs", job], undefined);
      set(["workers", "heavy", "autoscaling"], undefined);
      set(["workers", "heavy", "replicas"], 1);
      for (const [pool, seconds] of Object.entries(graceSeconds)) {
        set(["workers", pool, "terminationGracePeriodSeconds"], seconds);
      }
    });
    const { code, stdout, stderr } = await engine.up();
    assert.equal(code, 0, stdout + stderr);
    await Promise.all([
      // As of 10 startupSeconds.
      startCopy("hasty", { imageTag: tag, startupFailures: 2 }),
      startCopy("hung"),
      startCopy("hoarder"),
    ]);
    hung = hang();
    evicted = hoard();
    // A test awaits each; until then a failure is nobody's.
    for (const waiting of [hung, evicted]) waiting.catch(() => {});
  });
  after(() => cluster?.stop());

  /** Starts a pod as the API's Deployment has them, which it does not count as its own. */
  async function startCopy(
    name: string,
    {
      imageTag = "sha-59db084",
      startupFailures,
    }: { readonly imageTag?: string; readonly startupFailures?: number } = {},
  ): Promise<void> {
    const { spec } = await cluster.kubernetes.apps.readNamespacedDeployment({ name: `${release}-api`, namespace });
    const podSpec = spec?.template.spec;
    const [container] = podSpec?.containers ?? [];
    assert.ok(podSpec && container?.image);
    const image = container.image.replace(/:[^:]*$/, `:${imageTag}`);
    const startupProbe = {
      ...container.startupProbe,
      ...(startupFailures !== undefined && { failureThreshold: startupFailures }),
    };
    const body: V1Pod = {
      metadata: { name, labels: { "app.kubernetes.io/instance": release } },
      spec: { ...podSpec, containers: [{ ...container, image, startupProbe }] },
    };
    await cluster.kubernetes.core.createNamespacedPod({ namespace, body });
  }

  /** Waits until something is so of a pod; returns the pod, and how long it took from now on, in seconds. */
  async function eventually(
    name: string,
    isSo: (pod: V1Pod) => boolean,
  ): Promise<{ readonly pod: V1Pod; readonly seconds: number }> {
    const started = Date.now();
    for (;;) {
      const pod = await cluster.kubernetes.core.readNamespacedPod({ name, namespace });
      if (isSo(pod)) return { pod, seconds: (Date.now() - started) / 1000 };
      assert.ok(Date.now() - started < limitMs, `${name} stays ${JSON.stringify(pod.status)}`);
      await sleep(200);
    }
  }

  async function hang() {
    await eventually("hung", isReady);
    await cluster.exec("hung", "standin", "/hang");
    const [out, restarted] = await Promise.all([
      eventually("hung", (pod) => !isReady(pod)),
      eventually("hung", (pod) => restarts(pod) > 0),
    ]);
    return { notReadySeconds: out.seconds, restartedSeconds: restarted.seconds };
  }

  async function hoard() {
    await eventually("hoarder", isReady);
    const bytes = 150 * 1024 * 1024;
    await cluster.exec("hoarder", "standin", `/write?path=/prometheus/full&bytes=${bytes}`);
    const { seconds } = await eventually("hoarder", ({ status }) => status?.phase !== "Running");
    const fieldSelector = "involvedObject.name=hoarder,reason=Evicted";
    const { items } = await cluster.kubernetes.core.listNamespacedEvent({ namespace, fieldSelector });
    return { seconds, why: items.map(({ message }) => message).join() };
  }

  /** Waits for a pod of some labels of which something is so; returns its name. */
  async function nameOf(labelSelector: string, isSo: (pod: V1Pod) => boolean): Promise<string> {
    for (const started = Date.now(); Date.now() - started < limitMs; await sleep(500)) {
      const { items } = await cluster.kubernetes.core.listNamespacedPod({ namespace, labelSelector });
      const name = items.find(isSo)?.metadata?.name;
      if (name !== undefined) return name;
    }
    throw new Error(`no such pod of ${labelSelector} in ${limitMs / 1000} s`);
  }

  const restarts = ({ status }: V1Pod) => status?.containerStatuses?.[0]?.restartCount ?? 0;

  async function podOf(component: string): Promise<string> {
    const [pod] = await stayingPods(cluster.kubernetes, namespace, `${release}-${component}`);
    return pod?.metadata?.name ?? "";
  }

  const records = async () => {
    const answer = await cluster.exec(`${release}-mongodb-0`, "mongosh", "--quiet", "--eval", "records");
    return answer.trim().split("; ");
  };

  it("let a start take its time within startupSeconds", async () => {
    const { pod } = await eventually(await podOf("api"), isReady);
    const { conditions = [], containerStatuses = [] } = pod.status ?? {};
    const started = containerStatuses[0]?.state?.running?.startedAt?.getTime() ?? 0;
    const ready = conditions.find(({ type }) => type === "ContainersReady")?.lastTransitionTime?.getTime() ?? 0;
    assert.ok(ready - started >= startSeconds * 1000 - 1000, `${ready - started} ms`);
    assert.equal(restarts(pod), 0);
  });

  it("are restarted where a start takes longer", async () => {
    await eventually("hasty", (pod) => restarts(pod) > 0);
    assert.match(await cluster.kubectl("describe", "pod", "hasty", "--namespace", namespace), /failed startup probe/);
  });

  it("finish the job of a worker that a rollout ends, within its grace, and no longer", async () => {
    const [patient, hasty] = [await podOf("worker-light"), await podOf("worker-heavy")];
    // One that has just begun is under way when the pod is told to stop.
    for (;;) {
      const [last = ""] = (await records()).filter((line) => line.startsWith(`started ${hasty}/`)).slice(-1);
      const age = Date.now() - Date.parse(last.split(" ")[2] ?? "");
      if (age < (jobSeconds - 10) * 1000) break;
      await sleep(500);
    }
    const log = cluster.kubectl("logs", "--follow", patient, "--namespace", namespace);
    const started = Date.now();
    const deployments = ["light", "heavy"].map((pool) => `deployment/${release}-worker-${pool}`);
    await cluster.kubectl("rollout", "restart", ...deployments, "--namespace", namespace);
    const said = await log;
    console.log(
      `      a job of ${jobSeconds} s was over ${(Date.now() - started) / 1000} s after its pod was told to stop`,
    );
    assert.match(said, /SIGTERM\n.*job finished .*Finished server process\n$/s);
    const lines = await records();
    const counts = [patient, hasty].map((pod) =>
      ["started", "finished"].map((what) => lines.filter((line) => line.startsWith(`${what} ${pod}/`)).length),
    );
    const [[patientStarted = 0, patientFinished] = [], [hastyStarted = 0, hastyFinished] = []] = counts;
    assert.ok(patientStarted > 0 && hastyStarted > 0);
    assert.deepEqual([patientFinished, hastyFinished], [patientStarted, hastyStarted - 1]);
  });

  it("leave the log of a scheduled job that fails", async () => {
    const from = `--from=cronjob/${release}-backfill`;
    await cluster.kubectl("create", "job", "failing", from, "--namespace", namespace);
    const name = await nameOf("job-name=failing", ({ status }) => status?.phase === "Failed");
    assert.equal(await cluster.kubectl("logs", name, "--namespace", namespace), `${lastWords}\n`);
  });

  it("have the last words of a crash in what a failed ds deploy explains, where an old pod still serves", async () => {
    const { spec } = await cluster.kubernetes.apps.readNamespacedDeployment({ name: `${release}-api`, namespace });
    const image = spec?.template.spec?.containers[0]?.image?.replace(/:[^:]*$/, `:${crashingTag}`);
    const old = await podOf("api");
    await cluster.kubectl("set", "image", `deployment/${release}-api`, `api=${image}`, "--namespace", namespace);
    const crashed = ({ metadata, status }: V1Pod) =>
      metadata?.name !== old && status?.containerStatuses?.[0]?.lastState?.terminated !== undefined;
    await nameOf(`app=${release}-api`, crashed);
    const lines = await explainUnready({ executable: "pulumi", environment: engine.environment }, "local");
    const [head = ""] = lines.filter((line) => line.startsWith(`why Deployment ${namespace}/${release}-api `));
    assert.match(head, /is not ready \(0 of 1 pods\): pod /, lines.join("\n"));
    assert.ok(
      lines.some((line) => line.trim() === crash),
      lines.join("\n"),
    );
  });

  it("are evicted where they write more than their scratch may hold", async () => {
    const { seconds, why } = await evicted;
    console.log(`      evicted after ${seconds} s: ${why}`);
    assert.match(why, /EmptyDir volume "process-metrics" exceeds the limit "128Mi"/);
  });

  it("are not ready when they hang, so that the load balancer leaves them out, and are restarted", async () => {
    const { notReadySeconds, restartedSeconds } = await hung;
    console.log(`      not ready after ${notReadySeconds} s, restarted after ${restartedSeconds} s`);
    // 3 questions of 5 s, and 6 of which the last waits 5 s, with a grace of 5 s; each begins within its own period.
    assert.ok(notReadySeconds > 9 && notReadySeconds < 25);
    assert.ok(restartedSeconds > 50 && restartedSeconds < 85);
  });
});
