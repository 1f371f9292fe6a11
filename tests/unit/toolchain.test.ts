import * as assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { projectFolder } from "../../cli/lib/project";
import { version } from "../../package.json";
import { pins } from "../../tools/pins";
import { packageVersions } from "../support/manifest";

/** What is read here of Renovate's configuration. */
interface Renovate {
  readonly customManagers: readonly {
    readonly managerFilePatterns: readonly string[];
    readonly matchStrings: readonly string[];
  }[];
}

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

  it("has Renovate find each pin of tools/pins.ts once, but for those that stay or go with another", () => {
    const { customManagers }: Renovate = JSON.parse(readFileSync(path.join(projectFolder, "renovate.json"), "utf8"));
    const text = readFileSync(path.join(projectFolder, "tools/pins.ts"), "utf8");
    const found = customManagers
      .filter(({ managerFilePatterns }) => managerFilePatterns.some((pattern) => pattern.includes("pins")))
      .flatMap(({ matchStrings }) => matchStrings.flatMap((pattern) => [...text.matchAll(new RegExp(pattern, "g"))]))
      .map(({ groups }) => groups?.currentValue);
    // The older CLI stays, the language host goes with its module, and providers are packages of package.json.
    const { pulumiOlder, languageHostModule, languageHostCommit, kubernetesProvider, awsProvider, ...others } = pins;
    assert.deepEqual(found.sort(), Object.values(others).sort());
  });

  it("has release notes for its version", () => {
    assert.match(readFileSync(path.join(projectFolder, "CHANGELOG.md"), "utf8"), new RegExp(`^## ${version}$`, "m"));
  });
});
