import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { projectFolder } from "../../cli/lib/project";
import { run } from "../../tools/run";
import { createCheckout, installedHere } from "../support/checkout";

describe("preflight", () => {
  const preflight = path.join(projectFolder, "tools/preflight.cjs");
  let base: string;
  beforeEach(() => {
    base = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), "datasets-server-preflight-")));
  });
  afterEach(() => fs.rmSync(base, { recursive: true }));

  const settings: Readonly<Record<string, NodeJS.ProcessEnv>> = {
    "NODE_ENV=production": { NODE_ENV: "production" },
    "npm_config_omit=dev": { npm_config_omit: "dev" },
    "npm_config_omit=dev optional": { npm_config_omit: "dev optional" },
    "npm_config_production=true": { npm_config_production: "true" },
    "npm_config_only=production": { npm_config_only: "production" },
    "npm_config_optional=false": { npm_config_optional: "false" },
    "a .npmrc with omit[]=dev": { npm_config_userconfig: "omit.npmrc" },
    "a .npmrc with production=true": { npm_config_userconfig: "production.npmrc" },
  };
  it("installs everything with the real npm, whatever the user's settings are", async () => {
    fs.writeFileSync(path.join(base, "omit.npmrc"), "omit[]=dev\nomit[]=optional\n");
    fs.writeFileSync(path.join(base, "production.npmrc"), "production=true\n");
    const checks = Object.entries(settings).map(async ([name, { npm_config_userconfig: file, ...others }]) => {
      const checkout = path.join(base, name);
      createCheckout(checkout, base);
      const env = {
        ...process.env,
        ...others,
        npm_config_offline: "true",
        ...(file && { npm_config_userconfig: path.join(base, file) }),
      };
      const { code, stderr } = await run(process.execPath, [preflight, checkout], { env });
      assert.equal(code, 0, `${name}: ${stderr}`);
      const found = fs.readdirSync(path.join(checkout, "node_modules")).filter((entry) => !entry.startsWith("."));
      assert.deepEqual(found, installedHere, name);
    });
    await Promise.all(checks);
  });
});
