import assert from "node:assert/strict";
import path from "node:path";
import { projectFolder } from "../../cli/lib/project";
import { definitions } from "../../tools/definitions";
import { findTools } from "../../tools/install";
import { type RunResult, run } from "../../tools/run";
import { cleanEnvironment } from "../../tools/workspace";
import { type Cluster, newCluster } from "../support/e2e/cluster";
import type { Engine } from "../support/e2e/engine";
import { localClusterVariables, newEngine, suiteFolder } from "../support/e2e/world";

/** Every Node.js that the project runs on, with the image tag that its update changes to. */
const nodes = [
  ["node-20", "sha-2020202"],
  ["node-22", "sha-2222222"],
  ["node-24", "sha-2424242"],
  ["node-26", "sha-2626262"],
] as const;

type NodeName = (typeof nodes)[number][0];

describe("every Node.js in support", () => {
  let cluster: Cluster;
  let engine: Engine;
  /** The unit tests on each, one run after another, beside the updates. */
  let unitTests: ReadonlyMap<NodeName, Promise<RunResult>>;

  before(async () => {
    unitTests = runUnitTests();
    cluster = await newCluster(await suiteFolder("nodes-cluster"), "fast");
    engine = await newEngine("local", await suiteFolder("nodes"), localClusterVariables(cluster));
  });
  after(async () => {
    // Only after a failure: each test destroys the stack.
    if ((await engine.stateResources()).length > 0) await engine.destroy();
    await cluster.stop();
    await Promise.allSettled(unitTests.values());
  });

  const executableOf = (name: NodeName) => findTools(["test"])[name];
  const pathWith = (name: NodeName, rest = "") => [path.dirname(executableOf(name)), rest].join(path.delimiter);

  function runUnitTests(): ReadonlyMap<NodeName, Promise<RunResult>> {
    const runs = new Map<NodeName, Promise<RunResult>>();
    let last: Promise<unknown> = Promise.resolve();
    for (const [name] of nodes) {
      const env = { ...cleanEnvironment(), PATH: pathWith(name, process.env.PATH) };
      // Longer limits than alone, because the updates of these tests keep the machine busy.
      const args = ["node_modules/mocha/bin/mocha.js", "--reporter", "dot", "--timeout", "60000"];
      const result = last.then(() => run(executableOf(name), args, { cwd: projectFolder, env }));
      last = result.catch(() => undefined);
      runs.set(name, result);
    }
    return runs;
  }

  function succeeded({ code, stdout, stderr }: RunResult): string {
    assert.equal(code, 0, stdout + stderr);
    return stdout;
  }

  for (const [name, tag] of nodes) {
    const { version } = definitions[name];

    it(`${version} brings stack local up, sees no change, changes an image, and takes it down`, async () => {
      const onNode = engine.with({ PATH: pathWith(name, engine.path) });
      assert.equal((await onNode.shell("node --version")).stdout.trim(), `v${version}`);
      succeeded(await onNode.up());
      await assertSourcePositions(onNode);
      succeeded(await onNode.preview("--expect-no-changes", "--diff"));
      await onNode.configure("images.tag", tag);
      assert.match(succeeded(await onNode.preview("--diff")), new RegExp(tag));
      succeeded(await onNode.up());
      succeeded(await onNode.destroy());
      assert.deepEqual(await onNode.stateResources(), []);
    });
  }

  for (const [name] of nodes) {
    it(`${definitions[name].version} passes the unit tests`, async () => {
      const { code, stdout, stderr } = (await unitTests.get(name)) ?? assert.fail();
      assert.equal(code, 0, stdout + stderr);
    });
  }
});

/** The state says of each object which line of the program made it. */
async function assertSourcePositions(engine: Engine): Promise<void> {
  const objects = (await engine.stateResources()).filter(({ type }) => type.startsWith("kubernetes:"));
  assert.ok(objects.length > 10, `only ${objects.length} objects in the state`);
  const without = objects.filter(({ sourcePosition }) => typeof sourcePosition !== "string");
  assert.deepEqual(
    without.map(({ urn }) => urn),
    [],
  );
}
