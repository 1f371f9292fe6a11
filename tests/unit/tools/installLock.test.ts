import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { cacheRoot } from "../../../tools/cache";
import { takeInstallLock } from "../../../tools/installLock";
import { createToolSandbox, type ToolSandbox } from "./toolSandbox";

describe("install lock", () => {
  let sandbox: ToolSandbox;
  beforeEach(() => {
    sandbox = createToolSandbox();
  });
  afterEach(() => sandbox.dispose());

  it("tells a second install who holds it and what that one does, and lets it in afterwards", async () => {
    const first = await takeInstallLock(sandbox.log);
    first.announce("building from Go modules: etcd v3.6.13");
    const waiting = takeInstallLock(sandbox.log);
    await sleep(100);
    assert.match(
      sandbox.lines.join("\n"),
      new RegExp(
        `waiting for another install \\(pid ${process.pid} on .+, since .+Z, now: building .*etcd v3\\.6\\.13`,
      ),
    );
    await first.release();
    const second = await waiting;
    await second.release();
  });

  it("takes over the lock of an install that was killed", async () => {
    const left = path.join(cacheRoot(), "install.lock");
    fs.mkdirSync(left, { recursive: true });
    const longAgo = new Date(Date.now() - 60_000);
    fs.utimesSync(left, longAgo, longAgo);
    const lock = await takeInstallLock(sandbox.log);
    await lock.release();
    assert.deepEqual(sandbox.lines, []);
  });
});
