import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ApiException } from "@kubernetes/client-node";
import { jobNames } from "../../catalog/jobs";
import { serviceNames } from "../../catalog/services";
import type { Engine } from "../support/e2e/engine";
import { rolledOut } from "../support/e2e/kubernetes";
import { imagesOfLocal, type RealCluster, startRealCluster, whyNoRealNode, withTraffic } from "../support/e2e/realNode";
import { setStackFile } from "../support/e2e/stackFile";
import { localClusterVariables, newEngine, suiteFolder } from "../support/e2e/world";

const namespace = "datasets-server";
const release = "datasets-server-local";
/** Of each service; production's have more, by the same strategies, probes and times. */
const replicas = 2;

/** A path of each service that its server answers. */
const paths = {
  admin: "/admin/x",
  api: "/valid",
  rows: "/rows",
  search: "/search",
  "sse-api": "/sse/hub-cache",
  webhook: "/webhook",
};

/** Of an image that does not work. */
const lastWords = "there is no such module: libcommon";

/** At least so many requests are sent: `make test-long` asks for more. */
const wantedRequests = Number(process.env.REQUESTS ?? 20_000);

/** At 120 ms the changes take long enough for 30,000 requests. */
const everyMs = 120 * Math.min(1, 30_000 / wantedRequests);

describe("stack local on a real node", function () {
  this.timeout(20 * 60_000);
  let cluster: RealCluster;
  let engine: Engine;

  before(async function () {
    const problem = await whyNoRealNode();
    if (problem !== undefined) {
      console.log(`      skipped: ${problem}`);
      this.skip();
    }
    cluster = await startRealCluster(
      await imagesOfLocal({ "sha-0123abc": {}, "sha-0bad000": { STANDIN_FAIL: lastWords } }),
    );
    engine = await newEngine("local", await suiteFolder("local"), localClusterVariables(cluster));
    await setStackFile(path.join(engine.folder, "Pulumi.local.yaml"), (set) => {
      for (const service of serviceNames) {
        set(["services", service, "replicas"], replicas);
        // A machine of two processors is to have room for three pods of each, and for those that a rollout adds.
        set(["services", service, "resources", "requests", "cpu"], "20m");
      }
      // Their pods would come and go on the same two processors.
      for (const job of jobNames) set(["jobs", job], undefined);
    });
    await engine.setSecret("hfToken", `hf_${randomBytes(12).toString("hex")}`);
    await update();
  });
  after(() => cluster?.stop());

  async function update(): Promise<void> {
    const { code, stdout, stderr } = await engine.up();
    assert.equal(code, 0, stdout + stderr);
    await settled();
  }

  /** Every pod is there and ready, and those that were told to stop are gone. */
  async function settled(): Promise<void> {
    for (const service of serviceNames) await rolledOut(cluster.kubernetes, namespace, `${release}-${service}`);
    const { items } = await cluster.kubernetes.core.listNamespacedPod({ namespace });
    for (const { metadata } of items.filter(({ metadata }) => metadata?.deletionTimestamp !== undefined)) {
      const args = ["wait", "--for=delete", "--timeout=90s", `pod/${metadata?.name}`, "--namespace", namespace];
      await cluster.kubectl(...args);
    }
  }

  const podsOf = async (service: string) => {
    const labelSelector = `app=${release}-${service}`;
    const { items } = await cluster.kubernetes.core.listNamespacedPod({ namespace, labelSelector });
    return items.filter(({ metadata }) => metadata?.deletionTimestamp === undefined);
  };

  /** Evicts a pod as a drain does: again and again while its disruption budget keeps it. */
  async function evict(name: string): Promise<void> {
    for (;;) {
      try {
        await cluster.kubernetes.core.createNamespacedPodEviction({ name, namespace, body: { metadata: { name } } });
        return;
      } catch (error) {
        if (!(error instanceof ApiException && error.code === 429)) throw error;
        await sleep(1000);
      }
    }
  }

  const changes: Readonly<Record<string, () => Promise<unknown>>> = {
    "another image": async () => {
      await engine.configure("images.tag", "sha-0123abc");
      await update();
    },
    "another environment variable": async () => {
      await engine.configure("env.LOG_LEVEL", "WARNING");
      await update();
    },
    "another secret": async () => {
      await engine.setSecret("hfToken", `hf_${randomBytes(12).toString("hex")}`);
      await update();
    },
    "a pod of each service deleted": async () => {
      for (const service of serviceNames) {
        const [pod] = await podsOf(service);
        await cluster.kubernetes.core.deleteNamespacedPod({ name: pod?.metadata?.name ?? "", namespace });
      }
      await settled();
    },
    "every pod evicted, as budgets let them go": async () => {
      const pods = (await Promise.all(serviceNames.map(podsOf))).flat();
      await Promise.all(pods.map(({ metadata }) => evict(metadata?.name ?? "")));
      await settled();
    },
    "more replicas, and fewer": async () => {
      for (const count of [3, replicas]) {
        for (const service of serviceNames) await engine.configure(`services.${service}.replicas`, String(count));
        await update();
      }
    },
  };

  let sent = 0;
  for (const [change, action] of Object.entries(changes)) {
    it(`loses no request with ${change}`, async () => {
      const { requests, failures } = await withTraffic(cluster, { everyMs, paths }, action);
      const count = Object.values(requests).reduce((sum, number) => sum + number, 0);
      sent += count;
      console.log(`      ${count} requests, ${failures.length} failed; ${sent} in all`);
      if (failures.length > 0)
        console.log(
          (await cluster.loadBalancerLog())
            .split("\n")
            .filter((line) => / 50\d /.test(line))
            .slice(-20)
            .join("\n"),
        );
      assert.deepEqual(failures, []);
    });
  }

  it(`has sent ${wantedRequests} requests`, () => assert.ok(sent >= wantedRequests, `only ${sent}`));

  it("shows the last words of a migration that fails, and starts no pod of its image", async () => {
    await engine.configure("images.tag", "sha-0bad000");
    const { code, stdout, stderr } = await engine.up();
    assert.notEqual(code, 0);
    assert.match(stdout + stderr, new RegExp(lastWords));
    const images = (await podsOf("api")).flatMap(({ spec }) => spec?.containers.map(({ image }) => image));
    assert.ok(
      images.every((image) => image?.endsWith(":sha-0123abc")),
      images.join(),
    );
  });

  it("loses requests without the pause before the end, as the chart has it", async () => {
    const { failures } = await withTraffic(cluster, { everyMs: 120, paths: { api: paths.api } }, async () => {
      const pause = { op: "remove", path: "/spec/template/spec/containers/0/lifecycle" };
      const patch = ["patch", "deployment", `${release}-api`, "--namespace", namespace, "--type=json"];
      // The pods that the first rollout ends still have the pause.
      await cluster.kubectl(...patch, `--patch=${JSON.stringify([pause])}`);
      await settled();
      await cluster.kubectl("rollout", "restart", `deployment/${release}-api`, "--namespace", namespace);
      await settled();
    });
    console.log(`      ${failures.length} failed`);
    assert.ok(failures.length > 0);
  });
});
