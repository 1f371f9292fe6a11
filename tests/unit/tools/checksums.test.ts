import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { readChecksums } from "../../../tools/sources/checksums";
import type { Release } from "../../../tools/tool";
import { writeChecksums } from "../../../tools/writeChecksums";
import { archiveOf, type ReleaseServer, sha256, startReleaseServer } from "./releaseServer";
import { createToolSandbox, type ToolSandbox } from "./toolSandbox";

const base = "https://releases.test/v1";
const releases: readonly Release[] = [
  { url: `${base}/beta`, checksumsUrl: `${base}/SHA256SUMS` },
  { url: `${base}/alpha` },
];

describe("the committed checksums", () => {
  let sandbox: ToolSandbox;
  let server: ReleaseServer;
  let file: string;
  beforeEach(async () => {
    sandbox = createToolSandbox();
    server = await startReleaseServer(sandbox);
    file = path.join(sandbox.bin, "checksums.json");
    fs.writeFileSync(file, "{}");
    server.serve(`${base}/alpha`, "alpha");
    server.serve(`${base}/beta`, "beta");
    server.serve(`${base}/SHA256SUMS`, `${sha256("beta")}  beta\n`);
  });
  afterEach(() => {
    server.stop();
    sandbox.dispose();
  });

  const write = () => writeChecksums({ releases, file, log: sandbox.log });

  it("are written for every release, sorted, also where the project publishes none", async () => {
    fs.writeFileSync(file, JSON.stringify({ "https://releases.test/v0/alpha": sha256("no longer pinned") }));
    await write();
    const expected = { [`${base}/alpha`]: sha256("alpha"), [`${base}/beta`]: sha256("beta") };
    assert.equal(fs.readFileSync(file, "utf8"), `${JSON.stringify(expected, null, 2)}\n`);
    assert.deepEqual(readChecksums(file), expected);
  });

  it("are written for each executable in an archive as well", async () => {
    const archive = archiveOf(sandbox, { "tools/alpha": "one", "tools/beta": "other" });
    server.serve(`${base}/both.tar.gz`, archive);
    const inArchive = ["tools/alpha", "tools/beta"].map((member) => ({ url: `${base}/both.tar.gz`, member }));
    await writeChecksums({ releases: inArchive, file, log: sandbox.log });
    assert.deepEqual(readChecksums(file), {
      [`${base}/both.tar.gz`]: sha256(archive),
      [`${base}/both.tar.gz#tools/alpha`]: sha256("one"),
      [`${base}/both.tar.gz#tools/beta`]: sha256("other"),
    });
    assert.equal(server.requests.length, 1);
  });

  const refused = [
    {
      what: "differs from what its project publishes",
      change: () => server.serve(`${base}/beta`, "another"),
      says: /v1\/beta: beta refused: its sha256 is [0-9a-f]{64}, expected is [0-9a-f]{64} \(as published/,
    },
    {
      what: "has changed since its checksum was committed",
      change: () => fs.writeFileSync(file, JSON.stringify({ [`${base}/alpha`]: sha256("as it was") })),
      says: /v1\/alpha: alpha refused: its sha256 is [0-9a-f]{64}, expected is [0-9a-f]{64} \(from tools/,
    },
    {
      what: "is not there",
      change: () => server.serve(`${base}/SHA256SUMS`, "nothing of it"),
      says: /1 of 2 releases have no checksum, and tools\/checksums\.json stays as it was/,
    },
    {
      what: "would come over plain http",
      change: () => {
        process.env.DATASETS_SERVER_RELEASE_MIRROR = "http://mirror.test";
      },
      says: /2 of 2 releases have no checksum[\s\S]*plain http/,
    },
  ];
  for (const { what, change, says } of refused) {
    it(`stay as they were when a release ${what}`, async () => {
      change();
      const before = fs.readFileSync(file, "utf8");
      await assert.rejects(write(), says);
      assert.equal(fs.readFileSync(file, "utf8"), before);
    });
  }

  it("can be read as they are committed", () => {
    for (const url of Object.keys(readChecksums())) assert.match(url, /^https:\/\//);
  });
});
