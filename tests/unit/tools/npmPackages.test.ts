import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { InstallError, installMissing } from "../../../tools/installer";
import { run } from "../../../tools/run";
import { currentPlatform, platformName, type Tool } from "../../../tools/tool";
import { archiveOf, startReleaseServer } from "./releaseServer";
import { cachedPath, createToolSandbox, fakeTool, type ToolSandbox } from "./toolSandbox";

const here = platformName(currentPlatform());

describe("a tool of an npm package", () => {
  let sandbox: ToolSandbox;
  /** The file that the fake registry has of every package. */
  let file: Buffer;
  beforeEach(async () => {
    sandbox = createToolSandbox();
    // For its tar and gzip on PATH.
    (await startReleaseServer(sandbox)).stop();
    file = archiveOf(sandbox, { "package/bin/node": "#!/bin/sh\necho v1.2.3\n" });
    const packed = path.join(sandbox.bin, "../packed.tgz");
    fs.writeFileSync(packed, file);
    // `npm pack NAME@VERSION --pack-destination FOLDER ...`
    sandbox.script("npm", `case "$1" in pack) echo "$2" > ${packed}.asked; /bin/cp ${packed} "$4/file.tgz" ;; esac`);
  });
  afterEach(() => sandbox.dispose());

  function toolOf(platform: string, content: Buffer): Tool {
    const integrity = `sha512-${createHash("sha512").update(content).digest("base64")}`;
    const npmPackages = { [platform]: { name: "node-here", version: "1.2.3", member: "bin/node", integrity } };
    return fakeTool("x", { goModule: undefined, executable: "node", npmPackages });
  }

  it("is fetched as the user's npm is configured, and called as its executable is", async () => {
    const table = { alpha: toolOf(here, file) };
    await installMissing(table, sandbox.log);
    const executable = cachedPath(table, "alpha");
    assert.equal(path.basename(executable), "node");
    assert.equal((await run(executable, [])).stdout, "v1.2.3\n");
    assert.equal(fs.readFileSync(path.join(sandbox.bin, "../packed.tgz.asked"), "utf8"), "node-here@1.2.3\n");
    assert.match(sandbox.lines.join("\n"), /alpha v1\.2\.3 +from its npm package/);
  });

  it("is not fetched when PATH has it at that version", async () => {
    const own = sandbox.script("node", "echo v1.2.3");
    const table = { alpha: toolOf(here, file) };
    await installMissing(table, sandbox.log);
    assert.equal(fs.readlinkSync(cachedPath(table, "alpha")), own);
  });

  const refused: readonly (readonly [what: string, platform: string, content: string, says: RegExp])[] = [
    ["its file is another than the one pinned", here, "another", /its integrity is sha512-\S+, expected is sha512-/],
    [
      "there is none for this platform",
      "plan9/mips",
      "",
      new RegExp(`no package for ${here}; there is one for plan9/mips`),
    ],
  ];
  for (const [what, platform, content, says] of refused) {
    it(`is refused when ${what}`, async () => {
      const table = { alpha: toolOf(platform, content === "" ? file : Buffer.from(content)) };
      await assert.rejects(installMissing(table, sandbox.log), (error: unknown) => {
        assert.ok(error instanceof InstallError);
        assert.match(error.message, says);
        return true;
      });
      assert.equal(cachedPath(table, "alpha"), "");
    });
  }

  it("says that npm is missing", async () => {
    fs.rmSync(path.join(sandbox.bin, "npm"));
    await assert.rejects(
      installMissing({ alpha: toolOf(here, file) }, sandbox.log),
      /no `npm` was found on PATH[\s\S]*have on PATH the npm that comes with Node\.js/,
    );
  });
});
