import * as assert from "node:assert/strict";
import { fuzz, seedOf } from "../../support/fuzz";
import { bases } from "../../support/fuzz/bases";
import { outcomeOf } from "../../support/fuzz/outcome";

/** How many mutations; MUTATIONS asks for more. */
const count = Number(process.env.MUTATIONS ?? 100);

describe("the configuration", () => {
  const seed = seedOf(process.env.SEED);

  it(`ends in good objects or in an error that names a key, for ${count} mutations (SEED=${seed})`, async () => {
    const { tried, accepted, refused } = await fuzz({ count, seed });
    assert.equal(tried, count);
    // Of mutations that all end the same way, none would say much.
    assert.ok(accepted >= count / 20 && refused >= count / 4, `${accepted} accepted, ${refused} refused`);
    // Shrinking what it finds takes many runs more.
  }).timeout(600 * Math.max(count, 100));

  for (const base of bases) {
    it(`of ${base.stack} with ${Object.keys(base.config).length} keys has no issue to begin with`, async () => {
      const { kind } = await outcomeOf(base, base);
      assert.equal(kind, "accepted");
    });
  }
});
