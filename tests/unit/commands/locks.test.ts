import assert from "node:assert/strict";
import fs from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { enginePort } from "../../../commands/state/leftovers";
import { describeLock, type Lock, lockState, readLocks } from "../../../commands/state/locks";
import { openStore, type StateStore } from "../../../commands/state/store";

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

  it("count even when a killed run left one half written", async () => {
    await write(lock, '{"pid": 47');
    const [found] = await readLocks(store, "prod");
    assert.equal(found?.key, lock.key);
    assert.equal(describeLock(found ?? lock, new Date()), "somebody@an unknown host (pid 0)");
  });
});

describe("a lock", () => {
  it("says who holds it, since when and for how long", () => {
    const told = (now: string) => describeLock(lock, new Date(now));
    assert.equal(told("2026-07-01T10:04:02.5Z"), "ada@laptop (pid 4711) since 2026-07-01T10:00:00.5Z, for 4m 02s");
    assert.match(told("2026-07-02T16:05:00.5Z"), /, for 30h 05m$/);
  });

  const machine = { hostname: "laptop", username: "ada", runsEngine: async (pid: number) => pid === 4711 };
  const states = [
    { of: "a run that goes on here", holder: lock, state: "here" },
    { of: "a run of this machine that is gone", holder: { ...lock, pid: 4712 }, state: "dead" },
    { of: "another machine", holder: { ...lock, hostname: "runner-1", pid: 4712 }, state: "elsewhere" },
    {
      of: "another user of a machine of this name",
      holder: { ...lock, username: "eve", pid: 4712 },
      state: "elsewhere",
    },
  ];
  for (const { of, holder, state } of states) {
    it(`of ${of} is ${state}`, async () => {
      assert.equal(await lockState(holder, machine), state);
    });
  }
});

describe("what an engine starts", () => {
  const plugins = "/home/ada/.pulumi/plugins";
  const commandLines = {
    "its language host": [`${plugins}/language-nodejs-v3.187.0/pulumi-language-nodejs 127.0.0.1:40805`, 40805],
    "a provider": [`${plugins}/resource-kubernetes-v4.25.0/pulumi-resource-kubernetes 127.0.0.1:40805`, 40805],
    "the program": [
      "node /a/node_modules/@pulumi/pulumi/cmd/run/index.js --monitor 127.0.0.1:1 --engine 127.0.0.1:40805 --stack prod",
      40805,
    ],
    "the engine itself": ["/usr/bin/pulumi up --stack prod", undefined],
    "an editor of its source": ["vi /src/pulumi-language-nodejs", undefined],
    "another server of this machine": ["node server.js --engine 127.0.0.1:40805", undefined],
  } as const;
  for (const [what, [commandLine, port]] of Object.entries(commandLines)) {
    it(`is told by the engine's address: ${what}`, () => {
      assert.equal(enginePort(commandLine), port);
    });
  }
});
