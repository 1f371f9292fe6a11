import assert from "node:assert/strict";
import { z } from "zod";
import { ScaledPool } from "../support/e2e/scaledPool";
import { LongPart } from "../support/long/part";

const step = "from 1 pod to 5, and back";

const part = new LongPart<number>({
  name: "autoscaling",
  size: { pods: 5 },
  fullSize: { pods: 5 },
  steps: 1,
  // How long the way back took, in seconds.
  result: z.number(),
});

describe(`the autoscaler of a pool of workers: ${part.title}`, () => {
  let pool: ScaledPool;

  before(async () => {
    if (!part.isComplete) pool = await ScaledPool.start();
  });
  after(async () => {
    await pool?.stop();
    const what = "a pool of workers from 5 pods back to 1, after its queue is empty";
    await part.writeFigures([{ what, measured: `${Math.round(part.results([step])[0] ?? 0)} s`, reach: "600 s" }]);
  });

  it("takes pods away one by one, five minutes after the last job", async function () {
    if (part.isDone(step)) this.skip();
    await part.step(step, async () => {
      pool.waiting.heavy = 250;
      await pool.reaches(5, 60);
      pool.waiting.heavy = 0;
      const seconds = await pool.reaches(1, 900);
      assert.deepEqual(pool.history, [1, 5, 4, 3, 2, 1]);
      assert.ok(seconds > 300, `${seconds} s`);
      return seconds;
    });
  });
});
