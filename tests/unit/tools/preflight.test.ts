import assert from "node:assert/strict";
import path from "node:path";
import { run } from "../../../tools/run";

const preflight = path.join(__dirname, "../../../tools/preflight.cjs");

function preflightOn(version: string) {
  const pretend = `Object.defineProperty(process.versions, "node", { value: "${version}" })`;
  return run(process.execPath, ["-e", `${pretend}; require(${JSON.stringify(preflight)})`]);
}

describe("preflight", () => {
  for (const version of ["8.17.0", "18.20.8", "20.18.3"]) {
    it(`refuses Node.js ${version}`, async () => {
      const { code, stderr } = await preflightOn(version);
      assert.equal(code, 1);
      assert.match(stderr, new RegExp(`Node\\.js >=20\\.19 is needed, and this is ${version.replaceAll(".", "\\.")}`));
    });
  }

  for (const version of ["20.19.0", "22.0.0", "100.1.0"]) {
    it(`accepts Node.js ${version} in silence`, async () => {
      assert.deepEqual(await preflightOn(version), { code: 0, stdout: "", stderr: "" });
    });
  }
});
