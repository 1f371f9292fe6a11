import * as assert from "node:assert/strict";
import * as log from "@pulumi/pulumi/log";
import { dropDebugLines } from "../../../safety/debugLines";

describe("debug lines of Pulumi's SDK", () => {
  const { debug } = log;
  after(() => Object.assign(log, { debug }));

  it("reach no one once they are dropped", async () => {
    dropDebugLines();
    assert.notEqual(log.debug, debug);
    // The SDK's own function would refuse, as no Pulumi listens here.
    await log.debug("HF_TOKEN=aGZf");
  });
});
