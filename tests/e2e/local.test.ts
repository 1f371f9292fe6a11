import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import fs from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { checksumAnnotation, stackLabel } from "../../catalog/names";
import { serviceNames } from "../../catalog/services";
import type { Cluster } from "../support/e2e/cluster";
import type { Engine } from "../support/e2e/engine";
import { find, isReady, type Kubernetes, objectsOf, stayingPods } from "../support/e2e/kubernetes";
import { findLeaks } from "../support/e2e/leaks";
import { type PodsOf, podsOfStacks } from "../support/e2e/podTemplates";
import { watchReplacement } from "../support/e2e/replacement";
import { assertDrainsInService, assertRollsInService } from "../support/e2e/stackAvailability";
import { setStackFile } from "../support/e2e/stackFile";
import { localClusterVariables, newEngine, sharedCluster, suiteFolder } from "../support/e2e/world";

const namespace = "datasets-server";
const release = "datasets-server-local";
const name = `${release}-api`;
/** Of each service and worker pool, so that one may be missing. */
const replicas = 2;
const stack = { namespace, release, pools: ["heavy", "light"] };
const commandsShape = z.object({
  useCluster: z.string(),
  pods: z.string(),
  logs: z.record(z.string(), z.string()),
  describe: z.record(z.string(), z.string()),
});
const registry = "707930574880.dkr.ecr.us-east-1.amazonaws.com";
const imageNames = [...serviceNames, "worker", "cache_maintenance", "mongodb_migration"];
const firstToken = `hf_${randomBytes(24).toString("hex")}`;
const secondToken = `hf_${randomBytes(24).toString("hex")}`;
const checksumKey = randomBytes(24).toString("hex");

describe("stack local", () => {
  let cluster: Cluster;
  let engine: Engine;
  let kubernetes: Kubernetes;

  before(async () => {
    cluster = await sharedCluster();
    kubernetes = cluster.kubernetes;
    engine = await newEngine("local", await suiteFolder("local"), localClusterVariables(cluster));
    await setStackFile(path.join(engine.folder, "Pulumi.local.yaml"), (set) => {
      for (const service of serviceNames) set(["services", service, "replicas"], replicas);
      set(["workers", "heavy", "autoscaling", "minReplicas"], replicas);
      set(["workers", "light", "replicas"], replicas);
    });
    await engine.setSecret("hfToken", firstToken);
    await engine.setSecret("checksumKey", checksumKey);
  });
  after(async () => {
    // Only after a failure: the last test destroys the stack.
    if ((await engine.stateResources()).length > 0) await engine.destroy();
  });

  const deployment = () => kubernetes.apps.readNamespacedDeployment({ namespace, name });
  const tokenSecret = () => kubernetes.core.readNamespacedSecret({ namespace, name: "datasets-server-hf-token" });
  const pods = () => stayingPods(kubernetes, namespace, name);

  /** An update that replaces every pod of every service and pool, while as many are ready as their rows say. */
  async function rollPods(): Promise<void> {
    const before = [await deployment(), await tokenSecret()].map(({ metadata }) => metadata?.uid);
    const oldPods = new Set((await pods()).map(({ metadata }) => metadata?.uid));
    await assertRollsInService(kubernetes, stack, async () => {
      const { code, stdout, stderr } = await engine.up();
      assert.equal(code, 0, stdout + stderr);
    });
    const newPods = await pods();
    assert.equal(newPods.length, replicas);
    assert.ok(newPods.every((pod) => isReady(pod) && !oldPods.has(pod.metadata?.uid)));
    assert.deepEqual(
      [await deployment(), await tokenSecret()].map(({ metadata }) => metadata?.uid),
      before,
    );
  }

  it("is refused while an object breaks a rule, with every finding and no object made", async () => {
    const file = path.join(engine.folder, "components/workloads/podTemplate.ts");
    const text = await fs.readFile(file, "utf8");
    await fs.writeFile(file, text.replace("allowPrivilegeEscalation: false", "allowPrivilegeEscalation: true"));
    const { code, stdout } = await engine.up().finally(() => fs.writeFile(file, text));
    assert.notEqual(code, 0, stdout);
    assert.match(stdout, /the rules find \d+ violations in the objects of stack local; no changes were made/);
    for (const workload of ["Deployment datasets-server-local-api", "CronJob datasets-server-local-backfill"]) {
      assert.match(stdout, new RegExp(`${workload}: \\S+allowPrivilegeEscalation = true: set it to false`));
    }
    assert.doesNotMatch(stdout, /^\s+at |still active/m, "shows a stack trace or promises that nobody waits for");
    assert.deepEqual(objectsOf(await engine.stateResources()), []);
    assert.equal(
      await find(kubernetes, { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace, namespace: "" } }),
      undefined,
    );
  });

  it("comes up from nothing with every pod ready and a load balancer's host name", async () => {
    const { code, stdout, stderr } = await engine.up();
    assert.equal(code, 0, stdout + stderr);
    const running = await pods();
    assert.equal(running.length, replicas);
    assert.ok(running.every(isReady));
    const { status } = await kubernetes.networking.readNamespacedIngress({ namespace, name });
    assert.match(status?.loadBalancer?.ingress?.[0]?.hostname ?? "", /\S/);
  });

  it("says where everything is, with commands that work", async () => {
    const inNamespace = `--context datasets-server-local --namespace ${namespace}`;
    const { commands, ...others } = z.looseObject({ commands: commandsShape }).parse(await engine.outputs());
    assert.deepEqual(others, {
      namespace,
      url: "https://datasets-server.localhost",
      cluster: "datasets-server-local",
      images: Object.fromEntries(
        imageNames.map((image) => [image, `${registry}/hub-datasets-server-${image}:sha-59db084`]),
      ),
    });
    assert.equal(commands.useCluster, "ds shell");
    assert.equal(commands.logs[name], `kubectl logs -l app=${name} --tail=100 --follow ${inNamespace}`);
    assert.equal(commands.describe[name], `kubectl describe deploy/${name} ${inNamespace}`);
    const { stdout } = await engine.shell(`${commands.pods} --output name`);
    assert.equal(stdout.match(new RegExp(`^pod/${name}-`, "gm"))?.length, replicas);
  });

  it("labels every object as the stack's own", async () => {
    const objects = objectsOf(await engine.stateResources());
    assert.ok(objects.length > 10, `only ${objects.length} objects in the state`);
    for (const object of objects) {
      const found = await find(kubernetes, object);
      assert.equal(found?.metadata?.labels?.[stackLabel], "local", `${object.kind} ${object.metadata.name}`);
    }
  });

  it("holds the token, and has nothing to change when it is deployed again", async () => {
    const { data } = await tokenSecret();
    assert.equal(Buffer.from(data?.HF_TOKEN ?? "", "base64").toString(), firstToken);
    for (const { code, stdout, stderr } of [
      await engine.up("--expect-no-changes"),
      await engine.preview("--expect-no-changes", "--diff"),
    ]) {
      assert.equal(code, 0, stdout + stderr);
    }
  });

  it("runs in a namespace of Pod Security's level restricted, where the pods of every stack are let in and others are not", async () => {
    const { metadata } = await kubernetes.core.readNamespace({ name: namespace });
    assert.equal(metadata?.labels?.["pod-security.kubernetes.io/enforce"], "restricted");
    const refusal = ({ spec }: Pick<PodsOf, "spec">) =>
      kubernetes.core
        .createNamespacedPod({
          namespace,
          dryRun: "All",
          body: { metadata: { generateName: "pod-security-" }, spec: { ...spec, serviceAccountName: "default" } },
        })
        .then(() => "let in", String);
    const pods = await podsOfStacks(["prod", "ephemeral", "pr-7", "local"]);
    assert.ok(pods.length > 40, `only ${pods.length} workloads`);
    const answers = await Promise.all(pods.map(async (pod) => [pod.name, await refusal(pod)] as const));
    assert.deepEqual(
      answers.filter(([, answer]) => answer !== "let in"),
      [],
    );
    const root = { spec: { containers: [{ name: "root", image: "example.com/app:1" }] } };
    assert.match(await refusal(root), /violates PodSecurity.*restricted/);
  });

  it("rolls to a new image without ever having fewer ready pods than its rows allow", async () => {
    await engine.configure("images.tag", "sha-0123abc");
    await rollPods();
    const images = (await pods()).flatMap(({ spec }) => spec?.containers.map(({ image }) => image));
    assert.deepEqual(images, Array(replicas).fill(`${registry}/hub-datasets-server-api:sha-0123abc`));
  });

  it("rolls the pods for a changed setting, whose old ConfigMap stays as long as the Deployment names it", async () => {
    await engine.configure("env.LOG_LEVEL", "WARNING");
    const { stdout } = await engine.preview("--diff");
    assert.match(stdout, /LOG_LEVEL *: "WARNING"/);
    const replacement = await watchReplacement(
      kubernetes,
      { namespace, deployment: name, prefix: "datasets-server-local-settings-log-" },
      rollPods,
    );
    assert.equal(replacement.before.length, 1);
    assert.equal(replacement.after.length, 1);
    assert.notDeepEqual(replacement.after, replacement.before);
    assert.deepEqual(replacement.removedInUse, []);
  });

  it("rolls the pods for a changed token, of which only a checksum shows", async () => {
    const checksums = async () =>
      new Set((await pods()).map(({ metadata }) => metadata?.annotations?.[checksumAnnotation]));
    const before = await checksums();
    await engine.setSecret("hfToken", secondToken);
    const preview = await engine.preview("--diff");
    assert.match(preview.stdout, new RegExp(checksumAnnotation));
    await rollPods();
    const { data } = await tokenSecret();
    assert.equal(Buffer.from(data?.HF_TOKEN ?? "", "base64").toString(), secondToken);
    const after = await checksums();
    assert.equal(after.size, 1);
    assert.notDeepEqual(after, before);
  });

  it("lets every node be drained, and keeps as many pods ready as its disruption budgets say", () =>
    assertDrainsInService(cluster, stack));

  it("shows a hand edit with refresh, and undoes it with a warning of whose it was", async () => {
    await kubernetes.objects.patch(
      { apiVersion: "apps/v1", kind: "Deployment", metadata: { name, namespace }, spec: { replicas: replicas + 1 } },
      undefined,
      undefined,
      "somebody",
    );
    const refreshed = await engine.refresh("--preview-only", "--diff");
    assert.equal(refreshed.code, 0, refreshed.stderr);
    assert.match(refreshed.stdout, /~ replicas: 2 => 3/);

    const undone = await engine.up("--refresh");
    assert.equal(undone.code, 0, undone.stdout + undone.stderr);
    assert.match(undone.stdout, /spec\.replicas to 2, from 3, set by somebody/);
    assert.equal((await deployment()).spec?.replicas, replicas);
    const { code, stdout } = await engine.preview("--refresh", "--expect-no-changes");
    assert.equal(code, 0, stdout);
  });

  it("keeps the tokens out of state, logs, output and rendered files", async () => {
    const { stdout } = await engine.run("stack", "export");
    assert.match(stdout, /"ciphertext": "v1:/);
    await engine.shell("pulumi preview --diff --stack local --non-interactive -v=2");
    const rendered = path.join(engine.folder, "rendered");
    await engine.shell(`node -r ts-node/register/transpile-only cli/main.ts render local --out ${rendered}`);
    const folders = [engine.stateFolder, engine.pulumiHome, rendered];
    for (const secret of [firstToken, secondToken, checksumKey]) {
      assert.deepEqual(await findLeaks(secret, { folders, texts: engine.printedTexts() }), []);
    }
  });

  it("would find a token that leaked, plain or in base64", async () => {
    const { data } = await tokenSecret();
    const insideOthers = ["", "x", "xy"].map((before) => Buffer.from(`${before}${secondToken}z`).toString("base64"));
    const leaks = [`a line with ${secondToken}.`, data?.HF_TOKEN ?? "", ...insideOthers];
    const texts = Object.fromEntries(leaks.map((text, index) => [`leak ${index}`, text]));
    assert.deepEqual(await findLeaks(secondToken, { folders: [], texts }), Object.keys(texts));
  });

  it("leaves nothing behind when it is destroyed", async () => {
    const objects = objectsOf(await engine.stateResources());
    const { code, stdout, stderr } = await engine.destroy();
    assert.equal(code, 0, stdout + stderr);
    assert.deepEqual(await engine.stateResources(), []);
    const kinds = new Map(objects.map(({ apiVersion, kind }) => [`${apiVersion}/${kind}`, { apiVersion, kind }]));
    for (const { apiVersion, kind } of kinds.values()) {
      const { items } = await kubernetes.objects.list(apiVersion, kind);
      const left = items.filter(({ metadata }) => metadata?.labels?.[stackLabel] === "local");
      assert.deepEqual(
        left.map(({ metadata }) => metadata?.name),
        [],
        kind,
      );
    }
    const namespaces = (await kubernetes.core.listNamespace()).items.map(({ metadata }) => metadata?.name);
    assert.ok(!namespaces.includes(namespace));
  });
});
