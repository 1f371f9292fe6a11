import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { withLock } from "../../../tools/lock";

describe("a lock", () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "lock-"));
    file = path.join(folder, "cache/install.lock");
  });
  afterEach(() => fs.rmSync(folder, { recursive: true }));

  it("lets a second action wait, which is told so once, until the first has ended", async () => {
    const events: string[] = [];
    let end = (): void => undefined;
    const first = withLock(
      file,
      () => assert.fail("nothing holds it yet"),
      () => {
        events.push("first starts");
        return new Promise<void>((resolve) => {
          end = resolve;
        });
      },
    );
    while (events.length === 0) await new Promise(setImmediate);
    const onWait = () => {
      events.push("second waits");
      setTimeout(() => {
        events.push("first ends");
        end();
      }, 300);
    };
    await withLock(file, onWait, async () => void events.push("second starts"));
    await first;
    assert.deepEqual(events, ["first starts", "second waits", "first ends", "second starts"]);
  });

  it("of a process that was killed is replaced", async () => {
    fs.mkdirSync(file, { recursive: true });
    const longAgo = new Date(Date.now() - 60_000);
    fs.utimesSync(file, longAgo, longAgo);
    assert.equal(
      await withLock(
        file,
        () => assert.fail("its holder is dead"),
        async () => "done",
      ),
      "done",
    );
  });

  it("is an error at once where it cannot be written", async () => {
    const unwritable = path.join(folder, "x".repeat(300));
    await assert.rejects(withLock(unwritable, assert.fail, assert.fail), {
      message: new RegExp(`^cannot write to ${folder}: ENAMETOOLONG`),
    });
  });

  it("is free again when the action fails", async () => {
    const failing = withLock(file, assert.fail, () => Promise.reject(new Error("no disk space")));
    await assert.rejects(failing, /no disk space/);
    assert.equal(await withLock(file, assert.fail, async () => "done"), "done");
  });
});
