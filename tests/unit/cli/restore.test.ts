import assert from "node:assert/strict";
import fs from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { putBack, restoreState } from "../../../cli/restore";
import { openStore, type StateStore } from "../../../cli/state/store";

const state = ".pulumi/stacks/datasets-server/prod.json";
const history = ".pulumi/history/datasets-server/prod/prod-";

/** A state that differs from others by its time. */
function stateOf(time: string): string {
  return JSON.stringify({ version: 3, checkpoint: { stack: "prod", latest: { manifest: { time }, resources: [] } } });
}

describe("a damaged state", () => {
  let folder: string;
  let store: StateStore;

  beforeEach(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "restore-"));
    store = await openStore({ kind: "file", folder });
    await write(state, stateOf("now").slice(0, 40));
    await write(`${state}.bak`, stateOf("the last write"));
    await write(`${history}1795420967013024468.checkpoint.json`, stateOf("an update"));
    await write(`${history}1795420968013024468.checkpoint.json`, stateOf("the last update"));
    await write(`${history}1795420969013024468.history.json`, "{}");
  });
  afterEach(() => fs.rm(folder, { recursive: true, force: true }));

  async function write(key: string, text: string): Promise<void> {
    const file = path.join(folder, key);
    await fs.mkdir(path.dirname(file), { recursive: true });
    await fs.writeFile(file, text);
  }

  it("is replaced by Pulumi's copy of the last write, and kept beside it", async () => {
    assert.deepEqual(await putBack(store, "prod"), { from: `${state}.bak`, damaged: `${state}.damaged` });
    assert.equal(await store.read(state), stateOf("the last write"));
    assert.equal(await store.read(`${state}.damaged`), stateOf("now").slice(0, 40));
    assert.deepEqual((await store.list(".pulumi/stacks/datasets-server/")).map((key) => path.basename(key)).sort(), [
      "prod.json",
      "prod.json.bak",
      "prod.json.damaged",
    ]);
  });

  it("is replaced by the copy of the last update where that one cannot be read either", async () => {
    await write(`${state}.bak`, "");
    await putBack(store, "prod");
    assert.equal(await store.read(state), stateOf("the last update"));
  });

  it("is replaced by an earlier version first, where the state keeps some", async () => {
    const versions = [stateOf("now").slice(0, 20), stateOf("the last version"), stateOf("a version")];
    const versioned: StateStore = {
      ...store,
      versions: async () => versions.map((text, index) => ({ written: `version ${index}`, read: async () => text })),
    };
    await putBack(versioned, "prod");
    assert.equal(await store.read(state), stateOf("the last version"));
  });

  it("may be gone altogether", async () => {
    await store.remove(state);
    assert.deepEqual(await putBack(store, "prod"), { from: `${state}.bak` });
    assert.equal(await store.read(state), stateOf("the last write"));
  });

  it("stays where no other can be read, and the error says what to do", async () => {
    await fs.rm(path.join(folder, ".pulumi/history"), { recursive: true });
    await write(`${state}.bak`, "{}");
    await assert.rejects(putBack(store, "prod"), /none of 1 earlier states.*no changes were made\nNext: docs\/runbook/);
    assert.equal(await store.read(state), stateOf("now").slice(0, 40));
  });

  it("is none where it can be read", async () => {
    await write(state, stateOf("now"));
    assert.equal(await putBack(store, "prod"), undefined);
    assert.equal(await store.read(state), stateOf("now"));
  });

  it("of a pull request's environment is not restored", async () => {
    await assert.rejects(restoreState("/nowhere", "pr-7"), /removed and recreated\nNext: ds pr down 7/);
  });
});
