import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import fs from "node:fs";
import http from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { cachedPaths, installParts } from "../../../tools/installer";
import type { Part } from "../../../tools/part";
import { createReleaseHosts, ReleaseUnavailable } from "../../../tools/sources/releaseHosts";
import { createToolSandbox, fakePart, type ToolSandbox } from "./toolSandbox";

const executable = "#!/bin/sh\necho v1.2.3\n";

describe("official releases", () => {
  let sandbox: ToolSandbox;
  let server: http.Server;
  let files: Map<string, string | Buffer>;
  let requests: string[];
  /** The addresses whose first download breaks off in the middle. */
  let breaksOff: Set<string>;

  beforeEach(async () => {
    files = new Map();
    requests = [];
    breaksOff = new Set();
    server = http.createServer((request, response) => {
      const url = request.url ?? "";
      requests.push(url);
      if (url.endsWith("/hangs")) return;
      if (breaksOff.delete(url)) {
        response.writeHead(200, { "content-length": 1000 }).write("half");
        setTimeout(() => response.destroy(), 10);
        return;
      }
      const content = files.get(url);
      response.writeHead(content === undefined ? 404 : 200).end(content);
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    const [tar] = ["/usr/bin/tar", "/bin/tar"].filter((file) => fs.existsSync(file));
    const [gzip] = ["/usr/bin/gzip", "/bin/gzip"].filter((file) => fs.existsSync(file));
    sandbox = createToolSandbox();
    for (const tool of [tar, gzip]) if (tool) fs.symlinkSync(tool, path.join(sandbox.bin, path.basename(tool)));
    process.env.DATASETS_SERVER_RELEASE_MIRROR = `http://127.0.0.1:${port()}/`;
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
    sandbox.dispose();
  });

  function port(): number {
    const address: AddressInfo | string | null = server.address();
    return address !== null && typeof address !== "string" ? address.port : 0;
  }

  const releasedPart = (file: string, member?: string): Part =>
    fakePart(file, {
      release: () => ({
        url: `https://releases.test/v1/${file}`,
        checksumsUrl: "https://releases.test/v1/SHA256SUMS",
        ...(member !== undefined && { member }),
      }),
    });

  function publish(file: string, content: string | Buffer, hash = sha256(content)): void {
    files.set(`/releases.test/v1/${file}`, content);
    const sums = files.get("/releases.test/v1/SHA256SUMS") ?? "";
    files.set("/releases.test/v1/SHA256SUMS", `${sums}${hash}  ./${file}\n`);
  }

  it("takes a plain executable whose checksum is right, and needs no Go", async () => {
    publish("alpha", executable);
    const table = { alpha: releasedPart("alpha") };
    await installParts(table, sandbox.log);
    assert.equal(fs.readFileSync(cachedPaths(table).get("alpha") ?? "", "utf8"), executable);
    assert.match(sandbox.lines.join("\n"), /alpha v1\.2\.3 +official release/);
  });

  it("tries a download that broke off once more", async () => {
    publish("alpha", executable);
    breaksOff.add("/releases.test/v1/alpha");
    const table = { alpha: releasedPart("alpha") };
    await installParts(table, sandbox.log);
    assert.equal(fs.readFileSync(cachedPaths(table).get("alpha") ?? "", "utf8"), executable);
    assert.doesNotMatch(sandbox.lines.join("\n"), /not asked again/);
  });

  it("downloads an archive once for all parts in it", async () => {
    publish("both.tar.gz", archiveOf("tools", ["alpha", "beta"]));
    const table = {
      alpha: releasedPart("both.tar.gz", "tools/alpha"),
      beta: releasedPart("both.tar.gz", "tools/beta"),
    };
    await installParts(table, sandbox.log);
    assert.equal(cachedPaths(table).size, 2);
    assert.equal(requests.filter((url) => url.endsWith("both.tar.gz")).length, 1);
  });

  function archiveOf(folder: string, names: readonly string[]): Buffer {
    const parent = path.join(sandbox.bin, "..", "archive");
    fs.mkdirSync(path.join(parent, folder), { recursive: true });
    for (const name of names) fs.writeFileSync(path.join(parent, folder, name), executable);
    return execFileSync("tar", ["-czf", "-", "-C", parent, folder]);
  }

  it("refuses a file with another checksum, says so, trusts that host no more and builds instead", async () => {
    publish("alpha", executable, sha256("something else"));
    publish("beta", executable);
    sandbox.fakeGo("go1.26.8");
    await installParts({ alpha: releasedPart("alpha"), beta: releasedPart("beta") }, sandbox.log);
    const printed = sandbox.lines.join("\n");
    assert.match(printed, /alpha refused: its sha256 is [0-9a-f]{64}, published is [0-9a-f]{64}/);
    assert.match(printed, /beta v1\.2\.3 +built from Go modules/);
    assert.equal(requests.filter((url) => url.endsWith("/beta")).length, 0);
  });

  it("fails a part that exists as a release only and is refused", async () => {
    publish("alpha", executable, sha256("something else"));
    const { goModule: _none, ...releaseOnly } = releasedPart("alpha");
    await assert.rejects(
      installParts({ alpha: releaseOnly }, sandbox.log),
      /alpha refused[\s\S]*official release only/,
    );
  });

  it("builds a part whose release does not exist, and still trusts the host", async () => {
    publish("beta", executable);
    sandbox.fakeGo("go1.26.8");
    files.set("/releases.test/v1/SHA256SUMS", `${sha256("x")}  alpha\n${sha256(executable)}  beta\n`);
    await installParts({ alpha: releasedPart("alpha"), beta: releasedPart("beta") }, sandbox.log);
    assert.match(sandbox.lines.join("\n"), /beta v1\.2\.3 +official release[\s\S]*alpha v1\.2\.3 +built from Go/);
  });

  it("asks a dead host once and says so once", async () => {
    await new Promise((closed) => server.close(closed));
    sandbox.fakeGo("go1.26.8");
    await installParts({ alpha: releasedPart("alpha"), beta: releasedPart("beta") }, sandbox.log);
    assert.equal(sandbox.lines.filter((line) => line.includes("not asked again in this run")).length, 1);
  });

  it("gives up on a host that hangs, and remembers it", async () => {
    const hosts = createReleaseHosts(sandbox.log, { answerMs: 50, stallMs: 50 });
    await assert.rejects(hosts.text("https://releases.test/hangs"), ReleaseUnavailable);
    await assert.rejects(hosts.text("https://releases.test/v1/SHA256SUMS"), /no answer within 0\.05 s/);
    assert.deepEqual(requests, ["/releases.test/hangs"]);
  });
});

function sha256(content: string | Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}
