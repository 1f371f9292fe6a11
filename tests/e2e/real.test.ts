import assert from "node:assert/strict";
import { whyNoRealNode } from "../support/e2e/realNode";
import { changes, ServingStack } from "../support/e2e/servingStack";

const namespace = "datasets-server";
const api = "datasets-server-local-api";

/** Of an image that does not work. */
const lastWords = "there is no such module: libcommon";
const failingTag = "sha-0bad000";

/** All changes together; `make test-long` asks for 100,000. */
const wantedRequests = 20_000;

describe("stack local on a real node", function () {
  this.timeout(20 * 60_000);
  let stack: ServingStack;

  before(async function () {
    const problem = await whyNoRealNode();
    if (problem !== undefined) {
      console.log(`      skipped: ${problem}`);
      this.skip();
    }
    stack = await ServingStack.start(1, { [failingTag]: { STANDIN_FAIL: lastWords } });
  });
  after(() => stack?.cluster.stop());

  const atLeast = Math.ceil(wantedRequests / Object.keys(changes).length);

  for (const [change, action] of Object.entries(changes)) {
    it(`loses no request with ${change}`, async () => {
      const { failures } = await stack.asked({ everyMs: 120, atLeast }, () => action(stack, 1));
      assert.deepEqual(failures, []);
    });
  }

  it("shows the last words of a migration that fails, and starts no pod of its image", async () => {
    await stack.engine.configure("images.tag", failingTag);
    const { code, stdout, stderr } = await stack.engine.up();
    assert.notEqual(code, 0);
    assert.match(stdout + stderr, new RegExp(lastWords));
    const images = (await stack.podsOf("api")).flatMap(({ spec }) => spec?.containers.map(({ image }) => image));
    assert.ok(images.length > 0 && !images.some((image) => image?.endsWith(`:${failingTag}`)), images.join());
  });

  it("loses requests without the pause before the end, as the chart has it", async () => {
    const { failures } = await stack.asked({ everyMs: 120, atLeast: 0, services: ["api"] }, async () => {
      const { kubectl } = stack.cluster;
      const pause = { op: "remove", path: "/spec/template/spec/containers/0/lifecycle" };
      const patch = `--patch=${JSON.stringify([pause])}`;
      // The pods that the first rollout ends still have the pause.
      await kubectl("patch", "deployment", api, "--namespace", namespace, "--type=json", patch);
      await stack.settled();
      await kubectl("rollout", "restart", `deployment/${api}`, "--namespace", namespace);
      await stack.settled();
    });
    assert.ok(failures.length > 0);
  });
});
