import * as assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { createPatch } from "diff";
import { generatedFiles } from "../../cli/generate";
import { projectFolder } from "../../cli/project";

describe("generated files, compared and never written here (make generate writes them, for review)", () => {
  for (const { file, content } of generatedFiles) {
    it(`${file} is what the program makes of it today`, async () => {
      const kept = readFileSync(path.join(projectFolder, file), "utf8");
      const made = await content();
      assert.ok(kept === made, createPatch(file, kept, made, "kept", "made now"));
    });
  }
});
