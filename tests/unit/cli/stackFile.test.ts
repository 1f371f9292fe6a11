import assert from "node:assert/strict";
import fs from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { readStack, readStackFileHead } from "../../../cli/lib/stackFile";

const cluster = "config:\n  datasets-server:cluster: {name: hub-prod, region: us-east-1}\n";

describe("the head of a stack file", () => {
  let folder: string;

  beforeEach(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "stack-file-"));
  });
  afterEach(() => fs.rm(folder, { recursive: true, force: true }));

  async function head(text: string) {
    const file = path.join(folder, "Pulumi.prod.yaml");
    await fs.writeFile(file, text);
    return readStackFileHead(file);
  }

  it("tells the cluster", async () => {
    assert.deepEqual((await head(cluster)).cluster, { name: "hub-prod", region: "us-east-1" });
  });

  it("tells who can decrypt it", async () => {
    const url = "awskms://alias/a?region=us-east-1";
    assert.deepEqual((await head(cluster)).keeper, { kind: "nothing" });
    assert.deepEqual((await head(`${cluster}encryptionsalt: v1:salt\n`)).keeper, { kind: "passphrase" });
    assert.deepEqual((await head(`${cluster}secretsprovider: ${url}\nencryptedkey: a2V5\n`)).keeper, {
      kind: "key",
      url,
      encryptedKey: "a2V5",
    });
  });

  it("is refused when it is none of this project's", async () => {
    await assert.rejects(
      head("config: {}\n"),
      /Pulumi\.prod\.yaml is no stack file of this project: .*expected object/s,
    );
  });
});

describe("a stack file that a command reads", () => {
  it("is refused when it is missing, with what to do", () => {
    const shown =
      "the configuration of stack prod has 1 issue; no changes were made:\n" +
      "  Pulumi.none.yaml: cannot be read (ENOENT); expected a stack file, such as a copy of another stack's, see " +
      "docs/configuration.md\n";
    assert.throws(
      () => readStack("prod", "/nowhere/Pulumi.none.yaml"),
      (error: Error) => String(error).startsWith(shown),
    );
  });
});
