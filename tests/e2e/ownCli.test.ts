import assert from "node:assert/strict";
import path from "node:path";
import { findTools } from "../../tools/install";
import { pins } from "../../tools/pins";
import type { RunResult } from "../../tools/run";
import { type Cluster, newCluster } from "../support/e2e/cluster";
import type { Engine } from "../support/e2e/engine";
import { objectsOf } from "../support/e2e/kubernetes";
import { localClusterVariables, newEngine, suiteFolder } from "../support/e2e/world";

describe("a user's own Pulumi CLI, older than the pinned one", () => {
  let cluster: Cluster;
  let pinned: Engine;
  let own: Engine;

  before(async () => {
    cluster = await newCluster(await suiteFolder("own-cli-cluster"), "fast");
    pinned = await newEngine("local", await suiteFolder("own-cli"), localClusterVariables(cluster));
    own = pinned.with({ PATH: [path.dirname(findTools(["test"])["pulumi-older"]), pinned.path].join(path.delimiter) });
    succeeded(await pinned.up());
  });
  after(async () => {
    succeeded(await pinned.destroy());
    await cluster.stop();
  });

  function succeeded({ code, stdout, stderr }: RunResult): string {
    assert.equal(code, 0, stdout + stderr);
    return stdout;
  }

  it("is another than the pinned one", async () => {
    assert.equal((await own.shell("pulumi version")).stdout.trim(), pins.pulumiOlder);
    assert.equal((await pinned.shell("pulumi version")).stdout.trim(), pins.pulumi);
  });

  it("has nothing to change in a state that the pinned one wrote, and reads its outputs and its history", async () => {
    succeeded(await own.preview("--expect-no-changes", "--diff"));
    assert.deepEqual(await own.outputs(), await pinned.outputs());
    const updates: unknown = JSON.parse((await own.shell("pulumi stack history --stack local --json")).stdout);
    assert.ok(Array.isArray(updates) && updates.length === 1, JSON.stringify(updates));
  });

  it("updates that state, in which the pinned one then has nothing to change", async () => {
    await own.configure("images.tag", "sha-0123abc");
    assert.match(succeeded(await own.preview("--diff")), /sha-0123abc/);
    succeeded(await own.up());
    const objects = objectsOf(await own.stateResources());
    succeeded(await pinned.preview("--expect-no-changes", "--diff"));
    assert.deepEqual(objectsOf(await pinned.stateResources()), objects);
  });

  it("leaves a state that the pinned one updates", async () => {
    await pinned.configure("images.tag", "sha-89ab012");
    succeeded(await pinned.up());
    succeeded(await own.preview("--expect-no-changes"));
  });
});
