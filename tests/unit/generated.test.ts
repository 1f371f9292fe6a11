import * as assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { createPatch } from "diff";
import { generatedFiles, generatedFolders } from "../../cli/generate";
import { goldenFiles, goldenStacks } from "../../cli/generate/golden";
import { plainObjects } from "../../cli/lib/objects";
import { projectFolder, stackFile } from "../../cli/lib/project";
import { readStack } from "../../cli/lib/stackFile";
import { fillFolder } from "../../cli/render";
import { reviewObjects, violationText } from "../../policy/rules";
import { factsOf } from "../../safety/rules";

type Files = Readonly<Record<string, string>>;

/** Which kept files are not as they are made now; empty when all are. */
function staleness(kept: Files, made: Files): string {
  const files = [...new Set([...Object.keys(kept), ...Object.keys(made)])].sort();
  const found = files.flatMap((file) => {
    const [text, now] = [kept[file], made[file]];
    if (text === undefined) return [`${file} is missing`];
    if (now === undefined) return [`${file} is left over`];
    return text === now ? [] : [`${file} differs:\n${createPatch(file, text, now, "kept", "made now")}`];
  });
  return found.length === 0 ? "" : ["stale: run make generate", ...found].join("\n");
}

function filesOf(folder: string, ending: string): Files {
  const names = readdirSync(folder).filter((name) => name.endsWith(ending));
  return Object.fromEntries(names.map((name) => [name, readFileSync(path.join(folder, name), "utf8")]));
}

function assertFresh(kept: Files, made: Files): void {
  const message = staleness(kept, made);
  assert.ok(message === "", message);
}

describe("generated files, compared and never written here (make generate writes them, for review)", () => {
  for (const { file, content } of generatedFiles) {
    it(`${file} is what the program makes of it today`, async () => {
      assertFresh({ [file]: readFileSync(path.join(projectFolder, file), "utf8") }, { [file]: await content() });
    });
  }

  for (const { folder, ending, contents } of generatedFolders) {
    it(`${folder} has the files that the program makes today, and no other`, async () => {
      assertFresh(filesOf(path.join(projectFolder, folder), ending), await contents());
    });
  }

  it("are named where they differ, are missing or are left over", () => {
    const message = staleness({ a: "1\n", b: "1\n", c: "1\n" }, { a: "1\n", b: "2\n", d: "1\n" });
    assert.match(message, /^stale: run make generate\nb differs:\n(.*\n)+-1\n\+2\n\nc is left over\nd is missing$/);
  });

  it("replace those of before in their folder, and leave other files alone", async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "datasets-server-generated-"));
    try {
      writeFileSync(path.join(folder, "notes.txt"), "mine");
      await fillFolder(folder, { "a.yaml": "1", "b.yaml": "1" }, ".yaml");
      await fillFolder(folder, { "b.yaml": "2" }, ".yaml");
      assert.deepEqual(filesOf(folder, ""), { "b.yaml": "2", "notes.txt": "mine" });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe("golden objects", () => {
  for (const stack of goldenStacks) {
    it(`of ${stack} break no rule`, () => {
      const { datasetsServer } = readStack(stack, stackFile(stack), {}).config;
      const { violations } = reviewObjects(plainObjects(datasetsServer), factsOf(datasetsServer));
      assert.deepEqual(violations.filter(({ level }) => level === "mandatory").map(violationText), []);
    });

    it(`of ${stack} show no image tag, so that a new one changes none of them`, () => {
      const { tag } = readStack(stack, stackFile(stack), {}).config.datasetsServer.images;
      const files = goldenFiles(stack);
      for (const [file, text] of Object.entries(files)) {
        assert.ok(!`${file}\n${text}`.includes(tag.replace("sha-", "")), file);
      }
      assert.match(files[`job-datasets-server-${stack}-mongodb-migration-tag.yaml`] ?? "", /_migration:<image tag>$/m);
    });
  }
});
