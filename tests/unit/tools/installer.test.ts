import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { entryFolder, stagingRoot } from "../../../tools/cache";
import { findTools } from "../../../tools/install";
import { InstallError, installMissing } from "../../../tools/installer";
import { run } from "../../../tools/run";
import { currentPlatform, type ToolTable } from "../../../tools/tool";
import { localGroups } from "../../../tools/toolbox";
import { cachedPath, createToolSandbox, fakeTool, type ToolSandbox } from "./toolSandbox";

describe("installer", () => {
  let sandbox: ToolSandbox;
  beforeEach(() => {
    sandbox = createToolSandbox();
    sandbox.fakeGo("go1.26.8");
  });
  afterEach(() => sandbox.dispose());

  const install = (table: ToolTable) => installMissing(table, sandbox.log);
  const builds = () => sandbox.goCalls().filter((call) => call.startsWith("build"));

  async function failure(table: ToolTable): Promise<string> {
    const error = await install(table).then(
      () => assert.fail("the install succeeded"),
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof InstallError);
    return error.message;
  }

  it("builds what no other source has, and then finds it in the cache without running anything", async () => {
    const table = { alpha: fakeTool("alpha"), beta: fakeTool("beta") };
    await install(table);
    assert.equal(builds().length, 2);
    const { stdout } = await run(cachedPath(table, "beta"), []);
    assert.equal(stdout.trim(), "tool v1.2.3");

    fs.rmSync(path.join(sandbox.bin, "go"));
    const callsBefore = sandbox.goCalls().length;
    const linesBefore = sandbox.lines.length;
    await install(table);
    assert.equal(sandbox.goCalls().length, callsBefore);
    assert.deepEqual(sandbox.lines.slice(linesBefore), []);
  });

  it("links to an executable on PATH that has exactly the pinned version, before anything else", async () => {
    const executable = sandbox.script("alpha", "echo alpha version v1.2.3 built with go1.26.8");
    const table = { alpha: fakeTool("alpha") };
    await install(table);
    assert.equal(fs.readlinkSync(cachedPath(table, "alpha")), executable);
    assert.deepEqual(sandbox.goCalls(), []);
    assert.match(sandbox.lines.join("\n"), /\[1\/1\] alpha v1\.2\.3 +found on PATH/);
  });

  for (const says of ["echo v1.2.4", "echo v1.2.3-rc.1", "echo v11.2.3", "echo no version; exit 1"]) {
    it(`does not take an executable on PATH that answers with: ${says}`, async () => {
      sandbox.script("alpha", says);
      await install({ alpha: fakeTool("alpha") });
      assert.equal(builds().length, 1);
    });
  }

  it("installs again when the executable on PATH that it links to has changed", async () => {
    sandbox.script("alpha", "echo v1.2.3");
    const table = { alpha: fakeTool("alpha") };
    await install(table);
    sandbox.script("alpha", "echo now another version: v2.0.0");
    assert.equal(cachedPath(table, "alpha"), "");
    await install(table);
    assert.equal(builds().length, 1);
  });

  it("does not link to another entry of its own cache that is on PATH", async () => {
    const old = { alpha: fakeTool("alpha") };
    await install(old);
    process.env.PATH = `${sandbox.bin}${path.delimiter}${path.dirname(cachedPath(old, "alpha"))}`;
    await install({ alpha: fakeTool("alpha-by-another-recipe") });
    assert.equal(builds().length, 2);
  });

  it("keeps finished tools when a later one fails, and goes on there next time", async () => {
    const broken = fakeTool("x", { goModule: { kind: "program", folder: "etcd", package: "fail/beta" } });
    await failure({ alpha: fakeTool("alpha"), beta: broken });
    await install({ alpha: fakeTool("alpha"), beta: fakeTool("beta") });
    assert.deepEqual(
      builds().map((call) => call.split(" ").at(-1)),
      ["go/alpha", "fail/beta", "go/beta"],
    );
  });

  it("removes what a dead install left half done", async () => {
    const leftover = path.join(stagingRoot(), "alpha-dead", "bin");
    fs.mkdirSync(leftover, { recursive: true });
    await install({ alpha: fakeTool("alpha") });
    assert.equal(fs.existsSync(stagingRoot()), false);
  });

  it("names a failed tool, its command, the end of the output and the next step", async () => {
    const broken = fakeTool("x", { goModule: { kind: "program", folder: "etcd", package: "fail/beta" } });
    const message = await failure({ beta: broken });
    assert.match(message, /^beta v1\.2\.3 could not be installed/);
    assert.match(message, /failed: go build .* fail\/beta/);
    assert.match(message, /compile error 11\n[\s\S]*compile error 30\n/);
    assert.doesNotMatch(message, /compile error 10\n/);
    assert.match(message, /then run the command again/);
  });

  it("says which Go it found when that is too old, before it builds anything", async () => {
    sandbox.fakeGo("go1.25.4");
    const message = await failure({ alpha: fakeTool("alpha") });
    assert.match(message, /Go >= 1\.26 is needed .* the `go` on PATH is go1\.25\.4/);
    assert.deepEqual(builds(), []);
  });

  it("says that there is no Go", async () => {
    fs.rmSync(path.join(sandbox.bin, "go"));
    assert.match(await failure({ alpha: fakeTool("alpha") }), /no `go` was found on PATH/);
  });

  it("refuses a built tool that says another version", async () => {
    const message = await failure({ alpha: fakeTool("alpha", { version: "v9.9.9" }) });
    assert.match(message, /is not v9\.9\.9; it says: tool v1\.2\.3/);
  });

  it("gives another cache entry to another version, flag, platform or folder", () => {
    const platform = currentPlatform();
    const entries = [
      entryFolder("alpha", fakeTool("alpha"), platform),
      entryFolder("alpha", fakeTool("alpha", { version: "v1.2.4" }), platform),
      entryFolder("alpha", fakeTool("alpha"), { os: "darwin", arch: "other" }),
      entryFolder("alpha", fakeTool("other-package"), platform),
      ...["kwok", "pulumi"].map((folder) =>
        entryFolder("alpha", fakeTool("x", { goModule: { kind: "program", folder, package: "p" } }), platform),
      ),
    ];
    assert.equal(new Set(entries).size, entries.length);
    assert.equal(entryFolder("alpha", fakeTool("alpha"), platform), entries[0]);
  });

  it("names the tools of the asked groups that are missing, and the command that installs them", () => {
    assert.throws(() => findTools(localGroups), /not installed yet: .*kube-apiserver.*ds tools install/);
    assert.throws(() => findTools(["long"]), /not installed yet: promtool\. Next: run `ds tools install long`/);
  });
});
