import assert from "node:assert/strict";
import fs, { createReadStream } from "node:fs";
import path from "node:path";
import { committedFile } from "../../tools/cache";
import { definitions } from "../../tools/definitions";
import { findTool } from "../../tools/install";
import type { InstalledTool } from "../../tools/installer";
import { pins } from "../../tools/pins";
import { run } from "../../tools/run";
import { type ToolName, toolsOf } from "../../tools/toolbox";

const installed: readonly ToolName[] = [...toolsOf.deploy, ...toolsOf.cluster, ...toolsOf.test];

describe("the installed tools", () => {
  const toolOf = (name: ToolName): InstalledTool => findTool(name) ?? assert.fail(`${name} is not installed`);

  for (const name of installed) {
    const { versionCommand } = definitions[name];
    // The others are asked below.
    if (versionCommand === undefined || versionCommand.answeredBy !== undefined) continue;
    it(`${name} says that it is ${definitions[name].version}`, async () => {
      const { path: executable, version } = toolOf(name);
      const env = { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true" };
      const { stdout } = await run(executable, versionCommand.args, { env });
      const said: readonly string[] = stdout.match(/\d+\.\d+\.\d+[\w.+-]*/g) ?? [];
      assert.ok(said.includes(version.replace(/^v/, "")), `it is meant to be ${version}, and says: ${stdout}`);
      assert.equal(version, definitions[name].version);
    });
  }

  it("the language host is of the version that its plugin folder is named by", async () => {
    const { path: executable, version, source } = toolOf("pulumi-language-nodejs");
    if (source !== "built from Go modules") {
      // It has no version command; the CLI of the same archive says it.
      assert.equal(version, pins.pulumi);
      return;
    }
    assert.equal(version, pins.languageHostModule);
    assert.ok(await holds(executable, `dep\tgithub.com/pulumi/pulumi/sdk/v3\t${version}\t`));
  });

  it("the Kubernetes provider is of the version of its SDK, and built of the commit in its go.mod", async () => {
    const { path: executable, version, source } = toolOf("pulumi-resource-kubernetes");
    assert.equal(version, pins.kubernetesProvider);
    if (source !== "built from Go modules") return;
    const goMod = fs.readFileSync(committedFile("pulumi-resource-kubernetes", "go.mod"), "utf8");
    const [, module, commit] = /^require (\S+) (\S+)$/m.exec(goMod) ?? [];
    assert.ok(await holds(executable, `\t${module}\t${commit}\t`));
  });

  it("moto is of the pinned version", async () => {
    const python = path.join(path.dirname(toolOf("moto_server").path), "../python/bin/python");
    const ask = "from importlib.metadata import version; print(version('moto'))";
    assert.equal((await run(python, ["-I", "-c", ask])).stdout.trim(), pins.moto);
  });
});

/** Whether a file has a text in it, such as Go's record of the modules that an executable is built of. */
async function holds(file: string, text: string): Promise<boolean> {
  let end = "";
  for await (const chunk of createReadStream(file, { encoding: "latin1", highWaterMark: 1 << 20 })) {
    const part = `${end}${chunk}`;
    if (part.includes(text)) return true;
    end = part.slice(-text.length);
  }
  return false;
}
