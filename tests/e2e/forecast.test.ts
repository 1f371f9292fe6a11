import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import path from "node:path";
import { type Forecast, mostSeconds } from "../../cli/forecast/forecast";
import { forecastLines } from "../../cli/forecast/text";
import { findTools } from "../../tools/install";
import { edit } from "../support/e2e/checkout";
import { type Cluster, newCluster } from "../support/e2e/cluster";
import type { Engine } from "../support/e2e/engine";
import { type Kubernetes, rolledOut } from "../support/e2e/kubernetes";
import { type Watched, watchRollouts } from "../support/e2e/rollouts";
import { setStackFile } from "../support/e2e/stackFile";
import { settledPods } from "../support/e2e/workloads";
import { delayedPodStages, newEngine, suiteFolder } from "../support/e2e/world";

const namespace = "datasets-server";
const release = "datasets-server-local";

describe("the forecast, and what a watch of the cluster saw then", () => {
  let cluster: Cluster;
  let engine: Engine;
  let kubernetes: Kubernetes;

  before(async () => {
    const suite = await suiteFolder("forecast");
    // Where the commands of ds look for it.
    cluster = await newCluster(path.join(suite, "workspace"), delayedPodStages);
    kubernetes = cluster.kubernetes;
    engine = await newEngine("local", suite);
    await setStackFile(stackFile(), (set) => {
      set(["services", "api", "replicas"], 5);
      set(["services", "search", "replicas"], 2);
      set(["workers", "light", "replicas"], 8);
      set(["workers", "heavy", "autoscaling", "minReplicas"], 2);
    });
    await engine.setSecret("checksumKey", randomBytes(24).toString("hex"));
    await succeeds(engine.up());
  });
  after(() => cluster.stop());

  const stackFile = () => path.join(engine.folder, "Pulumi.local.yaml");

  async function succeeds(run: ReturnType<Engine["up"]>): Promise<string> {
    const { code, stdout, stderr } = await run;
    assert.equal(code, 0, stdout + stderr);
    return stdout;
  }

  /** The forecast of the copy's program as it is now. */
  async function forecastNow(): Promise<Forecast> {
    const executable = findTools(["deploy"]).pulumi;
    const script = `
      const { previewStack } = require("./cli/review/preview");
      previewStack({ executable: ${JSON.stringify(executable)}, environment: process.env }, "local")
        .then((plan) => console.log("plan: " + JSON.stringify(plan)));`;
    const printed = await succeeds(engine.command("node", "-r", "ts-node/register/transpile-only", "-e", script));
    const { failure, forecast } = JSON.parse(printed.split("plan: ").at(-1) ?? "");
    assert.equal(failure, undefined);
    return forecast;
  }

  /** Makes a change, and fails where another thing happens than was forecast. */
  async function assertForetold(change: () => Promise<unknown>): Promise<{ forecast: Forecast; seen: Watched }> {
    await settledPods(kubernetes, namespace);
    await change();
    const forecast = await forecastNow();
    const seen = await watchRollouts(kubernetes, namespace, async () => {
      await succeeds(engine.up());
      // An update may end while the last old pod is still to be told to stop.
      for (const { name, kind } of forecast.workloads) {
        if (kind === "Deployment") await rolledOut(kubernetes, namespace, name);
      }
    });
    const jobs = forecast.jobs.map(({ name }) => name.replace(/-\w+$/, ""));
    const names = [...forecast.workloads.map(({ name }) => name), ...jobs];
    assert.deepEqual(Object.keys(seen.rolled).sort(), names.sort(), JSON.stringify(seen.rolled));
    for (const workload of forecast.workloads) {
      const rolled = seen.rolled[workload.name];
      const { restarts, before, after, ready, atOnce, order, deadlineSeconds, name } = workload;
      // An autoscaler that knows no queue keeps to its fewest.
      assert.deepEqual([rolled?.before, rolled?.after], [before.fewest, after.fewest], name);
      assert.equal(rolled?.gone, restarts.fewest + Math.max(0, before.fewest - after.fewest), name);
      assert.equal(rolled.fewestReady, ready.fewest, `${name} has fewer pods ready`);
      assert.ok(rolled.seconds <= deadlineSeconds, `${name} took ${rolled.seconds} s of ${deadlineSeconds}`);
      if (restarts.fewest === 0) continue;
      assert.equal(rolled.mostAtOnce, atOnce.fewest, `${name} has others at a time`);
      assert.equal(rolled.first, order === "new first" ? "made" : "ended", name);
    }
    const [first, last] = [seen.happenings.at(0), seen.happenings.at(-1)];
    const took = ((last?.at ?? 0) - (first?.at ?? 0)) / 1000;
    assert.ok(took <= mostSeconds(forecast), `it took ${took} s of ${mostSeconds(forecast)}`);
    return { forecast, seen };
  }

  const restarting = ({ workloads }: Forecast) =>
    workloads.filter(({ restarts }) => restarts.most > 0).map(({ name }) => name.replace(`${release}-`, ""));

  it("agree for another image: the migration first, and then every workload but the database", async () => {
    const { forecast, seen } = await assertForetold(() => engine.configure("images.tag", "sha-0123abc"));
    assert.deepEqual(restarting(forecast).sort(), [
      "admin",
      "api",
      "rows",
      "search",
      "sse-api",
      "webhook",
      "worker-heavy",
      "worker-light",
    ]);
    assert.equal(forecast.jobs.length, 1);
    const migrated = seen.happenings.findIndex(({ what }) => what === "succeeded");
    const rolled = seen.happenings.findIndex(({ app }) => !app.endsWith("mongodb-migration"));
    assert.ok(migrated >= 0 && migrated < rolled, JSON.stringify(seen.happenings.slice(0, 10)));
  });

  it("agree for a setting that workers alone read, and ds preview tells the same", async () => {
    const change = async () => {
      await engine.configure("env.WORKER_SLEEP_SECONDS", "7");
      const cli = ["-r", "ts-node/register/transpile-only", "cli/main.ts", "preview", "local"];
      const workspace = path.dirname(engine.pulumiHome);
      const shown = await succeeds(engine.command("node", ...cli, "--workspace", workspace));
      assert.ok(shown.includes(forecastLines(await forecastNow())), shown);
    };
    const { forecast } = await assertForetold(change);
    assert.deepEqual(restarting(forecast).sort(), ["worker-heavy", "worker-light"]);
  });

  it("agree for a secret: the pods that read it", async () => {
    const { forecast } = await assertForetold(() => engine.setSecret("webhookSecret", randomBytes(12).toString("hex")));
    assert.deepEqual(restarting(forecast), ["webhook"]);
  });

  it("agree for numbers of pods: nothing restarts", async () => {
    const { forecast } = await assertForetold(() =>
      setStackFile(stackFile(), (set) => {
        set(["services", "api", "replicas"], 7);
        set(["workers", "light", "replicas"], 3);
      }),
    );
    assert.deepEqual(restarting(forecast), []);
    assert.equal(forecast.workloads.length, 2);
  });

  it("agree for another node pool", async () => {
    const { forecast } = await assertForetold(() => engine.configure("services.rows.nodePool", "datasets-server-api"));
    assert.deepEqual(restarting(forecast), ["rows"]);
    assert.deepEqual(
      forecast.nodePools.map(({ label }) => label),
      ["role-datasets-server-api=true", "role-datasets-server-rows=true"],
    );
  });

  it("agree for another strategy: nothing restarts, and the next rollout goes by it", async () => {
    const services = path.join(engine.folder, "catalog/services.ts");
    const { forecast } = await assertForetold(() => edit(services, /maxSurge: "25%"/, 'maxSurge: "50%"'));
    assert.deepEqual(forecast.workloads, []);
    const { forecast: next } = await assertForetold(() => engine.configure("env.API_MAX_AGE_LONG", "60"));
    const api = next.workloads.find(({ name }) => name === `${release}-api`);
    assert.equal(api?.atOnce.most, 4);
  });

  it("hold a deploy to what was approved: not with one more change, and then as it was", async () => {
    const file = path.join(path.dirname(engine.pulumiHome), "approval.json");
    const cli = (...args: readonly string[]) =>
      engine.command(
        "node",
        "-r",
        "ts-node/register/transpile-only",
        "cli/main.ts",
        ...args,
        "--workspace",
        path.dirname(engine.pulumiHome),
      );
    await engine.configure("env.WORKER_SLEEP_SECONDS", "8");
    await engine.setSecret("webhookSecret", "first-of-webhook");
    await succeeds(cli("review", "local", "--out", `${file}.md`, "--approval", file));
    const deploy = () => cli("deploy", "local", "--yes", "--no-smoke", "--approved", file);

    await engine.configure("services.search.replicas", "1");
    await engine.setSecret("webhookSecret", "second-of-webhook");
    const refused = await deploy();
    assert.equal(refused.code, 1, refused.stdout);
    const inObject = (kind: string, name: string) => `update ${kind} ${namespace}/${name}`;
    assert.match(refused.stderr, /stack local would not be updated as approved; no changes were made:/);
    assert.ok(refused.stderr.includes(`${inObject("Deployment", `${release}-search`)}: not approved`), refused.stderr);
    assert.ok(
      refused.stderr.includes(`${inObject("Deployment", `${release}-webhook`)}: another pod › metadata`),
      refused.stderr,
    );
    assert.equal(
      (await kubernetes.apps.readNamespacedDeployment({ namespace, name: `${release}-search` })).spec?.replicas,
      2,
    );

    await engine.configure("services.search.replicas", "2");
    await engine.setSecret("webhookSecret", "first-of-webhook");
    await succeeds(deploy());
  });
});
