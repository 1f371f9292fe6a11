import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { clusterStages } from "../../../tools/cluster/stages";
import { createFakeToolbox, type FakeToolbox } from "./fakeToolbox";

const delayed = path.join(__dirname, "..", "..", "support", "stages", "delayed.yaml");

describe("stages of the local cluster", () => {
  let fake: FakeToolbox;
  beforeEach(() => {
    fake = createFakeToolbox();
  });
  afterEach(() => fake.dispose());

  const names = (podStages: "fast" | readonly string[]) =>
    clusterStages(fake.toolbox, podStages).map((stage) => stage.metadata.name);

  function file(content: string): string {
    const name = path.join(fake.folder, "stages.yaml");
    fs.writeFileSync(name, content);
    return name;
  }

  it("are kwok's for nodes and pods and ours for ingresses", () => {
    assert.deepEqual(names("fast"), ["node-initialize", "pod-ready", "ingress-load-balancer"]);
  });

  it("of pods can be replaced without losing the others", () => {
    assert.deepEqual(names([delayed]), [
      "node-initialize",
      "pod-start",
      "pod-ready",
      "pod-restart",
      "pod-complete",
      "pod-unready",
      "pod-delete",
      "ingress-load-balancer",
    ]);
  });

  it("cannot come from a file with something else in it", () => {
    assert.throws(() => names([file("kind: Deployment\n")]), /stages\.yaml must hold only kwok Stages/);
    assert.throws(() => names([file("kind: [\n")]), /stages\.yaml must hold only kwok Stages/);
  });

  it("must make pods start", () => {
    const nodesOnly = file("kind: Stage\nmetadata: {name: x}\nspec: {resourceRef: {kind: Node}}\n");
    assert.throws(() => names([nodesOnly]), /no Stage for pods in .*stages\.yaml: pods would stay Pending/);
  });
});
