import assert from "node:assert/strict";
import path from "node:path";
import type { V1PersistentVolume, V1StorageClass } from "@kubernetes/client-node";
import { EnvironmentUser } from "../support/e2e/environments";
import { setStackFile } from "../support/e2e/stackFile";
import { suiteFolder } from "../support/e2e/world";

const namespace = "datasets-server-pr-2";
const image = "sha-abc1234";

const otherClass: V1StorageClass = {
  apiVersion: "storage.k8s.io/v1",
  kind: "StorageClass",
  metadata: { name: "other" },
  provisioner: "kubernetes.io/no-provisioner",
};

const volumeOfOther: V1PersistentVolume = {
  apiVersion: "v1",
  kind: "PersistentVolume",
  metadata: { name: "other-0" },
  spec: {
    storageClassName: "other",
    capacity: { storage: "100Gi" },
    accessModes: ["ReadWriteOnce"],
    hostPath: { path: "/var/lib/other" },
  },
};

describe("an environment whose stack file changes", () => {
  let user: EnvironmentUser;

  const set = (values: Readonly<Record<string, unknown>>): Promise<void> =>
    setStackFile(path.join(user.folder, "Pulumi.local.yaml"), (set) => {
      for (const [key, value] of Object.entries(values)) set(key.split("."), value);
    });
  const up = async (number: number, ...flags: readonly string[]) => {
    const { code, stdout, stderr } = await user.ds("up", String(number), "--image", image, ...flags);
    return { code, said: stdout + stderr };
  };
  /** The database's claims, and what ran once for it: each with its identity. */
  async function database() {
    const { core, objects } = user.cluster.kubernetes;
    const claims = (await core.listNamespacedPersistentVolumeClaim({ namespace })).items
      .filter(({ metadata }) => metadata?.name?.includes("mongodb"))
      .map(({ metadata, spec }) => ({
        name: metadata?.name ?? "",
        uid: metadata?.uid,
        size: spec?.resources?.requests?.storage,
      }));
    const { items } = await objects.list("batch/v1", "Job", namespace);
    return { claims, jobs: items.map(({ metadata }) => metadata?.uid).sort() };
  }

  before(async () => {
    user = await EnvironmentUser.create(await suiteFolder("losses"));
    await user.engine("local").init();
    await user.cluster.kubernetes.objects.create(otherClass);
    await user.cluster.kubernetes.objects.create(volumeOfOther);
    await set({ "pullRequest.quota.storage": "60Gi" });
    const { code, said } = await up(2);
    assert.equal(code, 0, said);
  });
  after(() => user.cluster.stop());

  it("has the volume of its database grow in place", async () => {
    const before = await database();
    await set({ "mongodb.storage": "16Gi" });
    const { code, said } = await up(2);
    assert.equal(code, 0, said);
    assert.match(said, /PersistentVolumeClaim\/\S+ would grow from 8Gi to 16Gi: it grows in place/);
    assert.deepEqual(await database(), {
      ...before,
      claims: before.claims.map((claim) => ({ ...claim, size: "16Gi" })),
    });
  });

  it("is refused a smaller volume, with what to do, and no change is made", async () => {
    const before = await database();
    await set({ "mongodb.storage": "8Gi" });
    const { code, said } = await up(2);
    assert.equal(code, 1, said);
    assert.match(said, /would shrink from 16Gi to 8Gi: no volume can shrink\n\s+Next: put its size back/);
    assert.doesNotMatch(said, /--allow/);
    assert.deepEqual(await database(), before);
    await set({ "mongodb.storage": "16Gi" });
  });

  it("loses its database only when that is allowed, and its once-only Jobs then run again", async () => {
    const before = await database();
    await set({ "mongodb.storageClass": "other" });
    const refused = await up(2);
    assert.equal(refused.code, 1, refused.said);
    const claim = `PersistentVolumeClaim/${before.claims[0]?.name}`;
    // It has a new name: what goes is named as it is.
    assert.match(refused.said, /PersistentVolumeClaim\/\S+ would be deleted, and recreated .*its volume is released/);
    const [, command = ""] = /if all of it is meant, for one update: (ds pr up .*)/.exec(refused.said) ?? [];
    assert.ok(command.includes(`ds pr up 2 --image ${image} --allow ${claim}`), refused.said);
    assert.deepEqual(await database(), before);
    const { code, said } = await up(2, "--allow", claim);
    assert.equal(code, 0, said);
    const after = await database();
    assert.equal(after.claims.length, 1);
    assert.notEqual(after.claims[0]?.uid, before.claims[0]?.uid);
    assert.equal(after.jobs.length, before.jobs.length);
    assert.ok(
      after.jobs.every((uid) => !before.jobs.includes(uid)),
      "a Job did not run again",
    );
  });

  it("has nothing to do for the same file again", async () => {
    const before = await database();
    const { code, said } = await up(2);
    assert.equal(code, 0, said);
    assert.deepEqual(await database(), before);
  });

  it("is refused a load balancer that others in its group have otherwise, with who they are", async () => {
    await set({
      // A new environment takes the load balancer with the most room: there is one.
      "pullRequest.loadBalancers": ["datasets-server-local-pr-a"],
      "pullRequest.maxOpen": 9,
      "ingress.public.loadBalancer.tags": { Env: "other" },
    });
    const { code, said } = await up(4);
    assert.equal(code, 1, said);
    assert.match(said, /pr-4 shares load balancer datasets-server-local-pr-a .*: pr-2 \(tags Env=local,/);
    assert.match(
      said,
      /--allow LoadBalancer\/datasets-server-local-pr-a, and at once for each .*: ds pr up 2 --image TAG/,
    );
    assert.deepEqual(await user.traces(4), []);
  });
});
