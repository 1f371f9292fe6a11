import * as assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { projectFolder } from "../../cli/lib/project";
import { packageVersions } from "../support/manifest";

const versions = packageVersions();

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
