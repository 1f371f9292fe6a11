import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import fs from "node:fs/promises";
import { FaultyStack, type Killed, succeeded } from "../support/e2e/faults";
import { randomFractions } from "../support/e2e/randomness";
import { suiteFolder } from "../support/e2e/world";

const seed = Number(process.env.SEED || randomInt(2 ** 31));
/** About how long an update takes; milliseconds. */
const updateMs = 15_000;

/** How updates end: the first of them is one from nothing. */
const ends: readonly { readonly killed: Killed; readonly cutOff?: boolean }[] = [
  { killed: "engine" },
  { killed: "all" },
  { killed: "all", cutOff: true },
];

// More of them, and other faults, are in tests/long.
describe("stack local", () => {
  let stack: FaultyStack;

  before(async () => {
    stack = await FaultyStack.create(await suiteFolder("faults"));
  });
  after(() => stack?.user.cluster.stop());

  randomFractions(ends.length, seed).forEach((moment, index) => {
    const { killed, cutOff } = ends[index] ?? { killed: "engine" };
    const left = cutOff ? "left its lock and its state cut off, and ds restore" : "left its lock";

    it(`goes on after an update whose kill ${left} (SEED=${seed}, kill ${index + 1})`, async () => {
      await stack.killUpdate(1_000 + moment * updateMs, killed);
      await stack.unlock();
      if (cutOff) {
        await fs.truncate(stack.stateFile, 10_000);
        succeeded(await stack.user.dsLocal("restore"));
      }
      succeeded(await stack.engine.up());
      assert.deepEqual(await stack.assertWhole(), []);
    });
  });
});
