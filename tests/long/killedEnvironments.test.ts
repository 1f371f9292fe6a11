import assert from "node:assert/strict";
import { z } from "zod";
import { EnvironmentUser } from "../support/e2e/environments";
import { randomFractions } from "../support/e2e/randomness";
import { suiteFolder } from "../support/e2e/world";
import { LongPart } from "../support/long/part";

const kills = Number(process.env.KILLS || 10);
const up = ["up", "4", "--image", "sha-abc1234"] as const;

const part = new LongPart<number>({
  name: "killed-environments",
  size: { kills },
  fullSize: { kills: 10 },
  steps: kills,
  // When each was killed, in milliseconds after its start.
  result: z.number(),
});

describe(`the start of an environment, killed at random moments: ${part.title}`, () => {
  let user: EnvironmentUser;
  /** How long an environment takes to come up; milliseconds. */
  let upMs: number;

  before(async () => {
    if (part.isComplete) return;
    user = await EnvironmentUser.create(await suiteFolder("killed-environments"));
    upMs = 1000 * (await user.cost(...up)).seconds;
    await user.cost("down", "4");
  });
  after(async () => {
    await user?.cluster.stop();
    await part.writeFigures([
      {
        what: "`ds pr up` killed at random moments, then removed, or brought up and removed, without a trace",
        measured: part.score(),
        reach: "all",
      },
    ]);
  });

  randomFractions(kills, part.seed).forEach((moment, index) => {
    const step = `kill ${index + 1}`;
    const then = index % 2 === 0 ? "removed" : "brought up, and removed";

    it(`${step}: can be ${then}`, async function () {
      if (part.isDone(step)) this.skip();
      await part.step(step, async () => {
        const afterMs = Math.round(1_000 + moment * upMs);
        await user.killed(afterMs, ...up);
        await user.unlock(4);
        if (index % 2 === 1) await user.cost(...up);
        await user.cost("down", "4");
        assert.deepEqual(await user.traces(4), []);
        return afterMs;
      });
    });
  });
});
