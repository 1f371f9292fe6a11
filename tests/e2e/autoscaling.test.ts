import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { ScaledPool } from "../support/e2e/scaledPool";

// How the pods go again takes ten minutes: tests/long/autoscaling.test.ts.
describe("the autoscaler of a pool of workers", () => {
  let pool: ScaledPool;

  before(async () => {
    pool = await ScaledPool.start();
  });
  after(() => pool?.stop());

  it("adds pods at once when jobs wait: one for every 50 heavy ones", async () => {
    await pool.reaches(1, 10);
    pool.waiting.heavy = 250;
    console.log(`      5 pods in the place of 1 after ${await pool.reaches(5, 60)} s`);
    assert.deepEqual(pool.history, [1, 5]);
  });

  it("keeps them while the queue comes and goes", async () => {
    for (let look = 0; look < 8; look += 1) {
      pool.waiting.heavy = look % 2 === 0 ? 0 : 1000;
      await sleep(5000);
    }
    assert.deepEqual(pool.history, [1, 5]);
  });
});
