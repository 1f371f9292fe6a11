import assert from "node:assert/strict";
import fs from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { describeLock, type Lock, readLocks, unlockCommand } from "../../../cli/state/locks";
import { openStore, type StateStore } from "../../../cli/state/store";
import { removeLocks } from "../../../cli/unlock";

const lock: Lock = {
  key: ".pulumi/locks/organization/datasets-server/prod/1.json",
  pid: 4711,
  username: "ada",
  hostname: "laptop",
  timestamp: "2026-07-01T10:00:00.5Z",
};

describe("locks in a folder", () => {
  let folder: string;
  let store: StateStore;

  beforeEach(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "locks-"));
    store = await openStore({ kind: "file", folder });
  });
  afterEach(() => fs.rm(folder, { recursive: true, force: true }));

  async function write({ key, ...content }: Lock, text = JSON.stringify(content)): Promise<void> {
    const file = path.join(folder, key);
    await fs.mkdir(path.dirname(file), { recursive: true });
    await fs.writeFile(file, text);
    await fs.writeFile(`${file}.attrs`, "{}");
  }

  it("are none before the first run", async () => {
    assert.deepEqual(await readLocks(store, "prod"), []);
  });

  it("are those of the stack, and of no other", async () => {
    await write(lock);
    await write({ ...lock, key: lock.key.replace("prod", "prod-2") });
    assert.deepEqual(await readLocks(store, "prod"), [lock]);
  });

  it("go one by one, with what the engine keeps beside them", async () => {
    const other = { ...lock, key: lock.key.replace("1.json", "2.json") };
    await write(lock);
    await write(other);
    await store.remove(lock.key);
    assert.deepEqual(await readLocks(store, "prod"), [other]);
    assert.deepEqual(await fs.readdir(path.join(folder, path.dirname(lock.key))), ["2.json", "2.json.attrs"]);
  });

  it("are asked about one by one, and stay from the first no on", async () => {
    const other = { ...lock, key: lock.key.replace("1.json", "2.json"), username: "eve" };
    await write(lock);
    await write(other);
    const answers = [true, false];
    const asked: string[] = [];
    const confirm = async (question: string) => {
      asked.push(question);
      return answers.shift() ?? assert.fail("asked a third time");
    };
    await assert.rejects(removeLocks(store, "prod", confirm), /the lock of eve@laptop .* stays/);
    assert.deepEqual(await readLocks(store, "prod"), [other]);
    assert.equal(asked.length, 2);
  });

  it("stay when one was taken after the question", async () => {
    const taken = { ...lock, key: lock.key.replace("1.json", "2.json") };
    await write(lock);
    await removeLocks(store, "prod", async () => {
      await write(taken);
      return true;
    });
    assert.deepEqual(await readLocks(store, "prod"), [taken]);
  });

  it("count even when a killed run left one half written", async () => {
    await write(lock, '{"pid": 47');
    const [found] = await readLocks(store, "prod");
    assert.equal(found?.key, lock.key);
    assert.equal(describeLock(found ?? lock, new Date()), "unknown@unknown (pid 0)");
  });
});

describe("a lock", () => {
  it("says who holds it, since when and for how long", () => {
    const told = (now: string) => describeLock(lock, new Date(now));
    assert.equal(told("2026-07-01T10:04:02.5Z"), "ada@laptop (pid 4711) since 2026-07-01T10:00:00.5Z, for 4m 02s");
    assert.match(told("2026-07-02T16:05:00.5Z"), /, for 30h 05m$/);
  });

  it("comes off by a command that finds the state it is in", () => {
    const [folder, bucket] = [
      { kind: "file", folder: "/a" },
      { kind: "s3", bucket: "b", prefix: "", pathStyle: false },
    ] as const;
    assert.equal(unlockCommand("prod", bucket), "ds unlock prod");
    assert.equal(unlockCommand("pr-7", bucket), "ds unlock pr-7");
    assert.equal(unlockCommand("local", folder), "ds unlock local");
    assert.equal(unlockCommand("pr-7", folder), "ds unlock pr-7 --local");
  });
});
