import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { installMissing } from "../../../tools/installer";
import type { Checksums } from "../../../tools/sources/checksums";
import { Unavailable } from "../../../tools/sources/job";
import { createReleaseSource } from "../../../tools/sources/release";
import { createReleaseHosts, type ReleaseHosts } from "../../../tools/sources/releaseHosts";
import { currentPlatform, type Tool } from "../../../tools/tool";
import { archiveOf, type ReleaseServer, sha256, startReleaseServer } from "./releaseServer";
import { cachedPath, createToolSandbox, fakeTool, type ToolSandbox } from "./toolSandbox";

const executable = "#!/bin/sh\necho v1.2.3\n";
const base = "https://releases.test/v1";
const sums = `${base}/SHA256SUMS`;

describe("official releases", () => {
  let sandbox: ToolSandbox;
  let server: ReleaseServer;
  /** The published checksums, as they are served. */
  let published: string;

  beforeEach(async () => {
    published = "";
    sandbox = createToolSandbox();
    server = await startReleaseServer(sandbox);
  });
  afterEach(() => {
    server.stop();
    sandbox.dispose();
  });

  const releasedTool = (file: string, member?: string): Tool =>
    fakeTool(file, {
      release: () => ({
        url: `${base}/${file}`,
        checksumsUrl: sums,
        ...(member !== undefined && { member }),
      }),
    });

  function publish(file: string, content: string | Buffer, hash = sha256(content)): void {
    published += `${hash}  ./${file}\n`;
    server.serve(`${base}/${file}`, content);
    server.serve(sums, published);
  }

  it("takes a plain executable whose checksum is right, and needs no Go", async () => {
    publish("alpha", executable);
    const table = { alpha: releasedTool("alpha") };
    await installMissing(table, sandbox.log);
    assert.equal(fs.readFileSync(cachedPath(table, "alpha"), "utf8"), executable);
    assert.match(sandbox.lines.join("\n"), /alpha v1\.2\.3 +official release, sha256 as published with the release/);
  });

  it("tries a download that broke off once more", async () => {
    publish("alpha", executable);
    server.breakOff(`${base}/alpha`);
    const table = { alpha: releasedTool("alpha") };
    await installMissing(table, sandbox.log);
    assert.equal(fs.readFileSync(cachedPath(table, "alpha"), "utf8"), executable);
  });

  it("downloads an archive once for all tools in it", async () => {
    publish("both.tar.gz", archiveOf(sandbox, { "tools/alpha": executable, "tools/beta": executable }));
    const table = {
      alpha: releasedTool("both.tar.gz", "tools/alpha"),
      beta: releasedTool("both.tar.gz", "tools/beta"),
    };
    await installMissing(table, sandbox.log);
    for (const name of ["alpha", "beta"]) assert.equal(fs.readFileSync(cachedPath(table, name), "utf8"), executable);
    assert.equal(server.requests.filter((url) => url.endsWith("both.tar.gz")).length, 1);
  });

  it("refuses a file with another checksum, says so and builds instead", async () => {
    publish("alpha", executable, sha256("something else"));
    publish("beta", executable);
    sandbox.fakeGo("go1.26.8");
    await installMissing({ alpha: releasedTool("alpha"), beta: releasedTool("beta") }, sandbox.log);
    const printed = sandbox.lines.join("\n");
    assert.match(
      printed,
      /alpha refused: its sha256 is [0-9a-f]{64}, expected is [0-9a-f]{64} \(as published with the release\)/,
    );
    assert.match(printed, /beta v1\.2\.3 +official release[\s\S]*alpha v1\.2\.3 +built from Go modules/);
  });

  it("fails a tool that exists as a release only and is refused", async () => {
    publish("alpha", executable, sha256("something else"));
    const { goModule: _none, ...releaseOnly } = releasedTool("alpha");
    await assert.rejects(
      installMissing({ alpha: releaseOnly }, sandbox.log),
      /alpha refused[\s\S]*official release only/,
    );
  });

  it("builds a tool whose release does not exist, and still trusts the host", async () => {
    publish("beta", executable);
    sandbox.fakeGo("go1.26.8");
    server.serve(sums, `${sha256("x")}  alpha\n${sha256(executable)}  beta\n`);
    await installMissing({ alpha: releasedTool("alpha"), beta: releasedTool("beta") }, sandbox.log);
    assert.match(sandbox.lines.join("\n"), /beta v1\.2\.3 +official release[\s\S]*alpha v1\.2\.3 +built from Go/);
  });

  it("asks a dead host once and says so once", async () => {
    server.stop();
    sandbox.fakeGo("go1.26.8");
    await installMissing({ alpha: releasedTool("alpha"), beta: releasedTool("beta") }, sandbox.log);
    assert.equal(sandbox.lines.filter((line) => line.startsWith("  127.0.0.1:")).length, 1);
  });

  it("gives up on a host that hangs, and remembers it", async () => {
    const hosts = createReleaseHosts({ answerMs: 300, stallMs: 300 });
    await assert.rejects(hosts.text("https://releases.test/hangs"), Unavailable);
    await assert.rejects(hosts.text(sums), /no answer within 0\.3 s/);
    assert.deepEqual(server.requests, ["https://releases.test/hangs"]);
  });

  const take = (tool: Tool, checksums: Checksums, hosts: ReleaseHosts = createReleaseHosts()) => {
    const folder = fs.mkdtempSync(path.join(sandbox.bin, "../job-"));
    const paths = { target: path.join(folder, "alpha"), scratch: path.join(folder, "scratch") };
    const source = createReleaseSource({ hosts, checksums, downloads: path.join(folder, "downloads") });
    return source({ name: "alpha", tool, platform: currentPlatform(), ...paths });
  };

  it("are compared with our own checksum first, and the published one is not asked for", async () => {
    publish("alpha", executable, sha256("what an attacker published"));
    const source = await take(releasedTool("alpha"), { [`${base}/alpha`]: sha256(executable) });
    assert.equal(source, "official release, sha256 from tools/checksums.json");
    assert.deepEqual(server.requests, [`${base}/alpha`]);
  });

  it("are refused when they differ from our own checksum, whatever is published", async () => {
    publish("alpha", executable);
    const taking = take(releasedTool("alpha"), { [`${base}/alpha`]: sha256("what was committed") });
    await assert.rejects(taking, /alpha refused: .* \(from tools\/checksums\.json\)/);
  });

  it("are not taken by a SHA-1", async () => {
    publish("alpha", executable, "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    await assert.rejects(take(releasedTool("alpha"), {}), /SHA256SUMS has no SHA-256 or SHA-512 of alpha/);
    assert.deepEqual(server.requests, [sums]);
  });

  describe("of a project that publishes no checksums", () => {
    const tool = fakeTool("alpha", { release: () => ({ url: `${base}/alpha` }) });

    it("are not even asked for while we have none of our own", async () => {
      server.serve(`${base}/alpha`, executable);
      await assert.rejects(take(tool, {}), /publishes no checksums, and tools\/checksums\.json has none of/);
      assert.deepEqual(server.requests, []);
    });

    it("are taken by our own", async () => {
      server.serve(`${base}/alpha`, executable);
      assert.match(await take(tool, { [`${base}/alpha`]: sha256(executable) }), /^official release/);
    });
  });

  describe("from a mirror over plain http on another machine", () => {
    /** The server of this test, as it were elsewhere. */
    const elsewhere = (): ReleaseHosts => ({ ...createReleaseHosts(), isOpenToChange: () => true });

    it("are refused by a published checksum, with what to do instead", async () => {
      publish("alpha", executable);
      await assert.rejects(
        take(releasedTool("alpha"), {}, elsewhere()),
        /DATASETS_SERVER_RELEASE_MIRROR is plain http.*Use a mirror over https, or write/,
      );
      assert.deepEqual(server.requests, []);
    });

    it("are taken by our own checksum", async () => {
      publish("alpha", executable);
      const own = { [`${base}/alpha`]: sha256(executable) };
      assert.match(await take(releasedTool("alpha"), own, elsewhere()), /^official release/);
    });

    for (const [mirror, isOpen] of [
      ["http://mirror.test", true],
      ["https://mirror.test", false],
      ["http://127.0.0.1:8080", false],
      ["http://localhost.mirror.test", true],
    ] as const) {
      it(`are ${isOpen ? "" : "not "}meant by ${mirror}`, () => {
        process.env.DATASETS_SERVER_RELEASE_MIRROR = mirror;
        assert.equal(createReleaseHosts().isOpenToChange(`${base}/alpha`), isOpen);
      });
    }
  });
});
