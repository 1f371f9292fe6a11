import * as assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { z } from "zod";
import { projectFolder } from "../../commands/program";

const manifest = z
  .object({ dependencies: z.record(z.string(), z.string()), devDependencies: z.record(z.string(), z.string()) })
  .parse(JSON.parse(readFileSync(path.join(projectFolder, "package.json"), "utf8")));
const versions = { ...manifest.dependencies, ...manifest.devDependencies };

describe("the toolchain", () => {
  it("pins every package exactly", () => {
    const loose = Object.entries(versions).filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version));
    assert.deepEqual(loose, []);
  });

  it("keeps TypeScript below 7, which ts-node cannot load", () => {
    assert.ok(Number(versions.typescript?.split(".")[0]) < 7);
  });

  it("names no package registry in its lockfile", () => {
    assert.doesNotMatch(readFileSync(path.join(projectFolder, "package-lock.json"), "utf8"), /"resolved"/);
  });
});
