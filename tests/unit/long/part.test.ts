import assert from "node:assert/strict";
import fs from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { z } from "zod";
import { rememberEnvironment } from "../../support/environment";
import { LongPart } from "../../support/long/part";

describe("a part of the long tests", () => {
  let folder: string;
  let lines: string[];
  let restoreEnvironment: () => void;

  beforeEach(async () => {
    restoreEnvironment = rememberEnvironment();
    delete process.env.SEED;
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "long-"));
    lines = [];
  });
  afterEach(async () => {
    restoreEnvironment();
    await fs.rm(folder, { recursive: true, force: true });
  });

  /** The part as a further run of the tests has it. */
  function run(kills = 3): LongPart<number> {
    const log = (line: string) => lines.push(line);
    return new LongPart({
      name: "kills",
      size: { kills },
      fullSize: { kills: 30 },
      steps: kills,
      result: z.number(),
      folder,
      log,
    });
  }

  const fails = () => Promise.reject(new Error("no"));
  const mayNotRun = () => Promise.reject(new Error("ran again"));

  it("goes on after the steps that earlier runs have done, with their seed and their results", async () => {
    const first = run();
    await first.step("kill 1", async () => 11);
    const second = run();
    assert.equal(second.seed, first.seed);
    assert.equal(await second.step("kill 1", mayNotRun), 11);
    await second.step("kill 2", async () => 22);
    assert.equal(second.isComplete, false);
    await second.step("kill 3", async () => 33);
    assert.ok(run().isComplete);
    assert.deepEqual(run().results(["kill 3", "kill 1"]), [33, 11]);
  });

  it("says how many steps are done, and which it waits for", async () => {
    const part = run();
    await Promise.all([part.step("kill 1", async () => 1), part.step("kill 2", async () => 2)]);
    assert.deepEqual(lines, ["0 of 3 done; waiting for kill 1", "0 of 3 done; waiting for kill 1, kill 2"]);
  });

  it("does a failed step again, and counts the failure", async () => {
    await assert.rejects(run().step("kill 1", fails), /no/);
    const part = run();
    assert.ok(part.isHalfDone("kill 1"));
    await part.step("kill 1", async () => 1);
    assert.equal(part.score(), "1 of 2");
    assert.equal(part.isHalfDone("kill 1"), false);
  });

  it("knows a step that was begun when a run was interrupted", () => {
    void run().step("kill 1", () => new Promise(() => {}));
    assert.ok(run().isHalfDone("kill 1"));
    assert.ok(run().isBegun);
  });

  it("starts over with another size, another seed, or when it is told to", async () => {
    await run().step("kill 1", async () => 1);
    assert.equal(run(4).isBegun, false);
    process.env.SEED = String(run().seed);
    assert.ok(run().isBegun);
    process.env.SEED = String(run().seed + 1);
    assert.equal(run().isBegun, false);
    delete process.env.SEED;
    run().startAnew("the cluster is gone");
    assert.equal(run().isBegun, false);
    assert.equal(lines.at(-1), "kills: the cluster is gone; starting anew");
  });

  it("writes no figure of less than the full size", async () => {
    const part = run();
    for (const step of ["kill 1", "kill 2", "kill 3"]) await part.step(step, async () => 1);
    await part.writeFigures([{ what: "kills survived", measured: part.score(), reach: "all" }]);
    assert.deepEqual(lines.slice(-2), [
      "kills survived: 3 of 3",
      "not written into bench/results.md: that takes all of 30 kills",
    ]);
  });
});
