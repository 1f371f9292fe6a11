import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import fs from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { jobNames } from "../../catalog/jobs";
import { stackObjects } from "../../cli/lib/objects";
import { imagesOfLocal, type RealCluster, startRealCluster, whyNoRealNode } from "../support/e2e/realNode";
import { setStackFile } from "../support/e2e/stackFile";
import { beyondNode, idleImage, Walls } from "../support/e2e/walls";
import { localClusterVariables, newEngine, suiteFolder } from "../support/e2e/world";

const namespace = "datasets-server";
const release = "datasets-server-local";

const shared = { "a pod of another namespace": "another", Prometheus: "monitoring" } as const;
const unlabelled = "a pod without labels";

const none = "0".repeat(16);

/** What a process of the stand-in says of itself; tools/standin/program/control.go. */
const reportSchema = z.object({
  uid: z.number(),
  gid: z.number(),
  status: z.record(z.string(), z.string()),
  writes: z.record(z.string(), z.string()),
  hasToken: z.boolean(),
  /** By their names, of what they hold; so are the files in SECRETS_DIR. */
  variables: z.record(z.string(), z.string()),
  secretFiles: z.record(z.string(), z.object({ sha256: z.string() })),
});

/** What decision 0009 lets through on every stack, of flows that begin or end at a pod of it. */
const openToAll = (pods: readonly string[]) => [
  ...["api", "worker"].map((to) => `Prometheus to ${to}, tcp/8080`),
  "a load balancer to api, tcp/8080",
  ...pods.flatMap((from) => [`${from} to the internet, tcp/80`, `${from} to the internet, tcp/443`]),
];

/** And where the stack has a database of its own. */
const openToDatabase = (pods: readonly string[]) =>
  pods.filter((from) => from !== "MongoDB").map((from) => `${from} to MongoDB, tcp/27017`);

/** And where it is outside: production's is anywhere, as far as its stack file says, so all that lets in is reached. */
const openToAnyDatabase = (pods: readonly string[]) =>
  pods.flatMap((from) =>
    [unlabelled, ...Object.keys(shared), ...Object.keys(beyondNode)].map((to) => `${from} to ${to}, tcp/27017`),
  );

describe("the walls on a real node", function () {
  this.timeout(10 * 60_000);
  let cluster: RealCluster;
  let walls: Walls;

  before(async function () {
    const problem = await whyNoRealNode();
    if (problem !== undefined) {
      console.log(`      skipped: ${problem}`);
      this.skip();
    }
    cluster = await startRealCluster([...(await imagesOfLocal({})), idleImage]);
    walls = await Walls.start(cluster);
    for (const [name, where] of Object.entries(shared)) await walls.startStranger(name, where);
  });
  after(() => cluster?.stop());

  describe("around stack local's pods", () => {
    const pods = { api: "api", worker: "worker-light", MongoDB: "mongodb" };
    const names = Object.keys(pods);
    const token = `hf_${randomBytes(12).toString("hex")}`;

    before(async () => {
      const engine = await newEngine("local", await suiteFolder("local"), localClusterVariables(cluster));
      await setStackFile(path.join(engine.folder, "Pulumi.local.yaml"), (set) => {
        set(["secretDelivery"], "files");
        for (const job of jobNames) set(["jobs", job], undefined);
      });
      await engine.setSecret("hfToken", token);
      const { code, stdout, stderr } = await engine.up();
      assert.equal(code, 0, stdout + stderr);
      await walls.startStranger(unlabelled, namespace);
      for (const [name, component] of Object.entries(pods)) {
        const labelSelector = `app=${release}-${component}`;
        const { items } = await cluster.kubernetes.core.listNamespacedPod({ namespace, labelSelector });
        await walls.addOwn(name, items[0]);
      }
    });
    after(() => walls.forgetStack());

    it("keep no process from what it needs: it is who the rules say, and writes where its volumes are", async () => {
      for (const [name, uid, gid, writable] of [
        ["api", 1000, 3000, ["/prometheus", "/tmp"]],
        ["worker", 1000, 3000, ["/prometheus", "/storage/parquet-metadata", "/tmp"]],
        ["MongoDB", 999, 999, ["/data/configdb", "/data/db", "/tmp"]],
      ] as const) {
        const report = reportSchema.parse(JSON.parse(await walls.ask(name, "/report")));
        const { status, writes, hasToken } = report;
        assert.deepEqual({ uid: report.uid, gid: report.gid, hasToken }, { uid, gid, hasToken: false }, name);
        assert.deepEqual(
          [status.CapEff, status.CapBnd, status.NoNewPrivs, status.Seccomp],
          [none, none, "1", "2"],
          name,
        );
        const allowed = Object.entries(writes).filter(([, result]) => result === "ok");
        assert.deepEqual(allowed.map(([folder]) => folder).sort(), writable, name);
      }
    });

    it("keep secrets that come as files out of what a process hands on to its children", async () => {
      const hash = createHash("sha256").update(token).digest("hex");
      for (const name of ["api", "worker"]) {
        const { variables, secretFiles } = reportSchema.parse(JSON.parse(await walls.ask(name, "/report")));
        assert.equal(secretFiles.HF_TOKEN?.sha256, hash, name);
        assert.ok(!Object.values(variables).includes(hash), name);
      }
    });

    it("let the flows of decision 0009 through, and no other", () =>
      walls.letThroughOnly([...openToAll(names), ...openToDatabase(names)]));

    it("are all that keeps the other connections from opening", async () => {
      await cluster.kubectl("delete", "networkpolicy", "--all", "--namespace", namespace);
      await walls.letAllThrough();
    });
  });

  for (const { stack, pods, open } of [
    { stack: "prod", pods: { api: "api", worker: "worker-heavy", job: "backfill" }, open: openToAnyDatabase },
    { stack: "pr-7", pods: { api: "api", worker: "worker-all", MongoDB: "mongodb" }, open: openToDatabase },
  ] as const) {
    describe(`around pods with the labels of stack ${stack}'s`, () => {
      const objects = stackObjects(stack);
      const policies = objects.filter(({ kind }) => kind === "NetworkPolicy");
      const names = Object.keys(pods);
      const home = policies[0]?.metadata.namespace ?? "";

      before(async () => {
        if (home !== namespace) await walls.startStranger(unlabelled, home);
        for (const [name, component] of Object.entries(pods)) await walls.startOwn(name, home, labelsOf(component));
      });
      after(() => walls.forgetStack());

      function labelsOf(component: string): Readonly<Record<string, string>> {
        const schema = z.object({ metadata: z.object({ labels: z.record(z.string(), z.string()) }) });
        const labels = objects
          .filter(({ kind }) => ["CronJob", "Deployment", "StatefulSet"].includes(kind))
          .map((object) => schema.parse(object).metadata.labels);
        const found = labels.find((each) => each["app.kubernetes.io/component"] === component);
        assert.ok(found, `stack ${stack} has no ${component}`);
        return found;
      }

      it("are not there without its policies", () => walls.letAllThrough());

      it("let the flows of decision 0009 through, and no other", async () => {
        const file = path.join(await suiteFolder(`policies-${stack}`), "policies.json");
        const items = policies.flatMap(oneDirectionEach);
        await fs.writeFile(file, JSON.stringify({ apiVersion: "v1", kind: "List", items }));
        await cluster.kubectl("create", "--filename", file);
        await walls.letThroughOnly([...openToAll(names), ...open(names)]);
      });
    });
  }
});

const policySchema = z.looseObject({
  metadata: z.looseObject({ name: z.string() }),
  spec: z.looseObject({ policyTypes: z.array(z.enum(["Ingress", "Egress"])) }),
});

/**
 * Splits a policy for both directions into two, which say the same. kube-router takes an egress rule of one for both as leave to
 * come in, where source and target are pods that it selects.
 */
function oneDirectionEach(object: unknown): object[] {
  const { metadata, spec, ...policy } = policySchema.parse(object);
  const { ingress, egress, policyTypes, ...selector } = spec;
  const rules = {
    Ingress: ingress !== undefined && { ingress },
    Egress: egress !== undefined && { egress },
  };
  return policyTypes.map((type) => ({
    ...policy,
    metadata: { ...metadata, name: `${metadata.name}-${type.toLowerCase()}` },
    spec: { ...selector, policyTypes: [type], ...rules[type] },
  }));
}
