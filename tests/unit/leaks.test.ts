import * as assert from "node:assert/strict";
import fs from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { findLeaks } from "../support/e2e/leaks";

describe("the search for a secret", () => {
  const secret = "hf_0123456789abcdef";
  let folder: string;

  beforeEach(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "datasets-server-leaks-"));
  });
  afterEach(() => fs.rm(folder, { recursive: true }));

  const log = gzipSync(`a line\nHF_TOKEN=${secret}\n${"another line\n".repeat(10)}`);
  const contents = {
    "in clear": `token: ${secret}`,
    "inside something in base64": Buffer.from(`x${secret}yz`).toString("base64"),
    "in a compressed log": log,
    "in a compressed log whose writer was killed": log.subarray(0, -12),
  };
  for (const [where, content] of Object.entries(contents)) {
    it(`finds it ${where}`, async () => {
      const file = path.join(folder, "file");
      await fs.writeFile(file, content);
      assert.deepEqual(await findLeaks(secret, { folders: [folder], texts: {} }), [file]);
    });
  }

  it("finds nothing where it is not", async () => {
    await fs.writeFile(path.join(folder, "file"), gzipSync("another secret"));
    await fs.writeFile(path.join(folder, "empty"), "");
    assert.deepEqual(await findLeaks(secret, { folders: [folder], texts: { output: "hf_01234" } }), []);
  });
});
