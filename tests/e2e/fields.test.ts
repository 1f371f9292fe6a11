import assert from "node:assert/strict";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { serviceNames } from "../../catalog/services";
import { workerSurge } from "../../catalog/workers";
import { leastReady, watchAvailability } from "../support/e2e/availability";
import { type Cluster, newCluster } from "../support/e2e/cluster";
import type { Engine } from "../support/e2e/engine";
import { setStackFile } from "../support/e2e/stackFile";
import { localClusterVariables, newEngine, suiteFolder } from "../support/e2e/world";

const namespace = "datasets-server";
const name = "datasets-server-local-worker-light";
const database = "datasets-server-local-mongodb";

/** How often an autoscaler looks, with some time to act; milliseconds. */
const autoscalerTurnMs = 20_000;

type Values = Readonly<Record<string, unknown>>;

const autoscaling = (minReplicas: number) => ({
  "workers.light.replicas": undefined,
  "workers.light.autoscaling": { minReplicas, maxReplicas: 6, jobsPerPod: { light: 10 } },
});

const fixed = (replicas: number) => ({
  "workers.light.replicas": replicas,
  "workers.light.autoscaling": undefined,
});

describe("a field of the program's", () => {
  let engine: Engine;
  let cluster: Cluster;

  before(async () => {
    cluster = await newCluster(await suiteFolder("fields-cluster"), "fast");
    engine = await newEngine("local", await suiteFolder("fields"), localClusterVariables(cluster));
    const absent = serviceNames.filter((service) => service !== "api").map((service) => `services.${service}`);
    await set({
      ...Object.fromEntries(absent.map((key) => [key, undefined])),
      "workers.heavy": undefined,
      ...fixed(4),
    });
    await up();
  });
  after(async () => {
    await engine.destroy();
    await cluster.stop();
  });

  const set = (values: Values): Promise<void> =>
    setStackFile(path.join(engine.folder, "Pulumi.local.yaml"), (set) => {
      for (const [key, value] of Object.entries(values)) set(key.split("."), value);
    });
  async function up(): Promise<string> {
    const { code, stdout, stderr } = await engine.up();
    assert.equal(code, 0, stdout + stderr);
    return stdout + stderr;
  }
  const deployment = () => cluster.kubernetes.apps.readNamespacedDeployment({ namespace, name });
  const replicas = async () => (await deployment()).spec?.replicas;

  /** Changes the stack file and deploys it; returns the fewest pods of the pool that were ready at any time. */
  async function fewestDuring(values: Values): Promise<number> {
    await set(values);
    const seen = await watchAvailability(cluster.kubernetes, { namespace, apps: [name] }, async () => {
      await up();
      await sleep(autoscalerTurnMs);
    });
    return Math.min(...(seen.get(name) ?? []).map(({ size }) => size));
  }

  describe("that is a pool's number of pods", () => {
    it("stays when an autoscaler gets it, and never goes under the smaller number, with another image in the same update", async () => {
      const fewest = await fewestDuring({ ...autoscaling(3), "images.tag": "sha-0123abc" });
      assert.ok(fewest >= leastReady(workerSurge, 3), `${fewest} ready`);
      assert.ok(((await replicas()) ?? 0) >= 3);
    });

    it("is the file's again when the autoscaler goes, and no conflict from then on", async () => {
      await cluster.kubernetes.apps.patchNamespacedDeploymentScale({
        namespace,
        name,
        body: [{ op: "replace", path: "/spec/replicas", value: 5 }],
      });
      const fewest = await fewestDuring(fixed(2));
      assert.ok(fewest >= 2, `${fewest} ready`);
      assert.equal(await replicas(), 2);
      await set(fixed(3));
      await up();
      assert.equal(await replicas(), 3);
      await set(fixed(2));
      await up();
    });

    it("is the file's again where the same number was in the file before the autoscaler", async () => {
      await fewestDuring(autoscaling(3));
      // A rollout that lasts longer than the autoscaler takes to look.
      await fewestDuring({ ...fixed(2), "images.tag": "sha-4567def" });
      assert.equal(await replicas(), 2);
    });

    it("is an autoscaler's lowest from the first pod on in a new pool, and no drift when the autoscaler changes it", async () => {
      await set({
        "workers.new": {
          difficulty: { min: 0, max: 50 },
          resources: { requests: { cpu: "100m", memory: "256Mi" }, limits: { cpu: "1", memory: "1Gi" } },
          autoscaling: { minReplicas: 2, maxReplicas: 6, jobsPerPod: { light: 10 } },
        },
      });
      const app = "datasets-server-local-worker-new";
      const seen = await watchAvailability(cluster.kubernetes, { namespace, apps: [app] }, up);
      assert.ok((seen.get(app)?.at(-1)?.size ?? 0) >= 2);
      await engine.shell(`kubectl scale deployment ${app} --replicas=1 --namespace ${namespace}`);
      await sleep(autoscalerTurnMs);
      const { code, stdout } = await engine.preview("--refresh", "--expect-no-changes");
      assert.equal(code, 0, stdout);
      await set({ "workers.new": undefined });
      await up();
    });

    it("is taken back from who set it by hand, after a warning with the name and the number", async () => {
      await engine.shell(`kubectl scale deployment ${name} --replicas=5 --namespace ${namespace}`);
      await set(fixed(3));
      const said = new RegExp(
        `Deployment ${namespace}/${name}: others have changed what the program sets, and this update sets back:\\s+` +
          "spec\\.replicas to 3, from 5, set by kubectl",
      );
      const preview = await engine.preview();
      assert.match(preview.stdout + preview.stderr, said);
      assert.match(await up(), said);
      assert.equal(await replicas(), 3);
    });
  });

  describe("that is a size of the database's volume", () => {
    const claims = async () => {
      const { items } = await cluster.kubernetes.core.listNamespacedPersistentVolumeClaim({ namespace });
      return items
        .filter(({ metadata }) => metadata?.name?.includes("mongodb"))
        .map(({ metadata, spec }) => ({ uid: metadata?.uid, size: spec?.resources?.requests?.storage }));
    };
    const databaseUid = async () =>
      (await cluster.kubernetes.apps.readNamespacedStatefulSet({ namespace, name: database })).metadata?.uid;

    it("grows in place, with what is in it", async () => {
      const [before, uid] = [await claims(), await databaseUid()];
      await set({ "mongodb.storage": "16Gi" });
      const preview = await engine.preview();
      assert.equal(preview.code, 0, preview.stdout + preview.stderr);
      await up();
      assert.deepEqual(
        await claims(),
        before.map((claim) => ({ ...claim, size: "16Gi" })),
      );
      assert.equal(await databaseUid(), uid);
    });
  });
});
