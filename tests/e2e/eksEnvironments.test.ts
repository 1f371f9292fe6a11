import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import path from "node:path";
import { RbacAuthorizationV1Api, type V1StorageClass } from "@kubernetes/client-node";
import { clusterAccess } from "../../cli/access/clusters";
import { groups } from "../../cli/access/rbac";
import { type RunResult, run } from "../../tools/run";
import { type Eks, everyStateVersion, newEksEngine, startEks } from "../support/e2e/eks";
import type { Engine } from "../support/e2e/engine";
import { findLeaks } from "../support/e2e/leaks";
import { setEverySecret } from "../support/e2e/secrets";
import { identities, settledPods } from "../support/e2e/workloads";
import { suiteFolder } from "../support/e2e/world";

const name = "hub-ephemeral";
const namespace = "datasets-server-pr-7";
const token = `hf_${randomBytes(24).toString("hex")}`;

describe("an environment on hub-ephemeral, in an account that lets nobody do more than they need", () => {
  let eks: Eks;
  let engine: Engine;
  let foreign: readonly string[];
  let secrets: ReadonlyMap<string, string>;

  before(async () => {
    eks = await startEks(name, "fast");
    engine = await newEksEngine(eks, "ephemeral", await suiteFolder("environment"));
    secrets = await setEverySecret(engine, { pullRequestHfToken: token });
    const { environments = [] } = clusterAccess(name);
    for (const object of environments) await eks.cluster.kubernetes.objects.create(object);
    await createStorageClass(eks);
    foreign = await identities(eks.cluster.kubernetes, "datasets-server");
  });
  after(() => eks.stop());

  async function pr(...words: readonly string[]): Promise<RunResult> {
    const workspace = path.dirname(engine.pulumiHome);
    const command = ["-r", "ts-node/register/transpile-only", "cli/main.ts", "pr"];
    return run(process.execPath, [...command, ...words, "--workspace", workspace], {
      cwd: engine.folder,
      env: engine.environment,
      timeoutMs: 5 * 60_000,
    });
  }

  it("is not begun with images that nobody has pushed", async () => {
    const { code, stdout, stderr } = await pr("up", "7", "--image", "sha-0000000");
    assert.equal(code, 1, stdout);
    assert.match(
      stderr,
      /not in the registry; no changes were made:\n( {2}\S+hub-datasets-server-\S+:sha-0000000\n){8}/,
    );
    assert.doesNotMatch(succeeded(await pr("list")).stdout, /sha-0000000/);
  });

  it("comes up in a namespace that the deployers have made and bound themselves", async () => {
    succeeded(await pr("up", "7", "--image", "sha-abc1234", "--author", "ada"));
    const pods = await settledPods(eks.cluster.kubernetes, namespace);
    assert.ok(pods.length > 8, `only ${pods.length} pods`);
    const { items } = await eks.cluster.kubernetes.config
      .makeApiClient(RbacAuthorizationV1Api)
      .listNamespacedRoleBinding({ namespace });
    assert.deepEqual(
      items.flatMap(({ subjects = [] }) => subjects.map((subject) => subject.name)),
      [groups.deploy, groups.exec, groups.look],
    );
  });

  it("has of all secrets its own token alone, and that nowhere in the clear", async () => {
    const { items } = await eks.cluster.kubernetes.core.listNamespacedSecret({ namespace });
    const values = items.flatMap(({ data = {} }) => Object.values(data)).map((data) => Buffer.from(data, "base64"));
    assert.ok(values.some((value) => value.toString() === token));
    const texts = await everyStateVersion(eks);
    for (const [key, secret] of secrets) {
      if (key !== "pullRequestHfToken") assert.ok(!values.some((value) => value.includes(secret)), key);
      assert.deepEqual(await findLeaks(secret, { folders: [], texts }), [], key);
    }
  });

  it("is in the list, with whose it is", async () => {
    assert.match(succeeded(await pr("list")).stdout, /7 +sha-abc1234 +ada/);
  });

  it("goes with its namespace and its stack, next to staging that does not notice", async () => {
    succeeded(await pr("down", "7"));
    const { items } = await eks.cluster.kubernetes.core.listNamespace();
    assert.ok(!items.some(({ metadata }) => metadata?.name === namespace));
    assert.deepEqual(await identities(eks.cluster.kubernetes, "datasets-server"), foreign);
    assert.match(succeeded(await pr("sweep", "--open", "none")).stdout, /0 environments looked at/);
  });
});

/** The class of pull requests' volumes, and a volume of it: no provisioner runs on a cluster of tests. */
async function createStorageClass({ cluster: { kubernetes } }: Eks): Promise<void> {
  const storageClass: V1StorageClass = {
    apiVersion: "storage.k8s.io/v1",
    kind: "StorageClass",
    metadata: { name: "efs-sc" },
    provisioner: "kubernetes.io/no-provisioner",
    volumeBindingMode: "Immediate",
  };
  await kubernetes.objects.create(storageClass);
  await kubernetes.core.createPersistentVolume({
    body: {
      metadata: { name: "efs-1" },
      spec: {
        storageClassName: "efs-sc",
        capacity: { storage: "1Gi" },
        accessModes: ["ReadWriteMany"],
        hostPath: { path: "/var/lib/efs" },
      },
    },
  });
}

function succeeded(result: RunResult): RunResult {
  assert.equal(result.code, 0, result.stdout + result.stderr);
  return result;
}
