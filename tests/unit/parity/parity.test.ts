import * as assert from "node:assert/strict";
import { complaintsAbout } from "../../support/parity";

describe("parity with the Helm chart", () => {
  it("prod differs from the chart's production objects as docs/differences.md says, and in nothing else", async () => {
    assert.deepEqual(await complaintsAbout("prod"), []);
  });

  it("ephemeral differs from the chart's staging objects as docs/differences.md says, and in nothing else", async () => {
    assert.deepEqual(await complaintsAbout("ephemeral"), []);
  });
});
