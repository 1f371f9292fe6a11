import assert from "node:assert/strict";
import { z } from "zod";
import { whyNoRealNode } from "../support/e2e/realNode";
import { changes, ServingStack } from "../support/e2e/servingStack";
import { LongPart } from "../support/long/part";

const requests = Number(process.env.REQUESTS || 100_000);
const rounds = 2;
const steps = rounds * Object.keys(changes).length;

const part = new LongPart<number>({
  name: "requests",
  size: { requests },
  fullSize: { requests: 100_000 },
  steps,
  // How many requests were made in it.
  result: z.number(),
});

describe(`requests to the services of a stack that changes: ${part.title}`, () => {
  let stack: ServingStack;

  before(async function () {
    const problem = await whyNoRealNode();
    if (problem !== undefined) {
      console.log(`      skipped: ${problem}`);
      this.skip();
    }
    if (!part.isComplete) stack = await ServingStack.start(rounds);
  });
  after(async () => {
    await stack?.cluster.stop();
    const made = part.allResults().reduce((sum, count) => sum + count, 0);
    await part.writeFigures([
      {
        what: "changes of a stack on a real node without one of its requests lost",
        measured: `${part.score()}, ${made} requests`,
        reach: "all",
      },
    ]);
  });

  for (let round = 1; round <= rounds; round += 1) {
    for (const [change, action] of Object.entries(changes)) {
      const step = `${change}, round ${round}`;

      it(`${step}: loses none`, async function () {
        if (part.isDone(step)) this.skip();
        await part.step(step, async () => {
          const load = { everyMs: 60, atLeast: Math.ceil(requests / steps) };
          const asked = await stack.asked(load, () => action(stack, round));
          assert.deepEqual(asked.failures, []);
          return asked.requests;
        });
      });
    }
  }
});
