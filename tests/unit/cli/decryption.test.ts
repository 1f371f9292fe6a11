import assert from "node:assert/strict";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { projectFolder } from "../../../cli/lib/project";
import { type RunResult, run } from "../../../tools/run";

const value = "theValueOfThisTest";
const encoded = Buffer.from(value).toString("base64");

describe("what Pulumi prints for a command of ds", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), "datasets-server-decryption-"));
  });
  after(() => rm(folder, { recursive: true }));

  /** Has a Pulumi that answers `config` so repeat a Secret in what it says, in a command of its own process. */
  async function preview(config: string, exported = "exit 255"): Promise<RunResult> {
    const executable = path.join(folder, "pulumi");
    const said = `echo "denied: HF_TOKEN=${encoded}"; printf 'no \\033]0;owned\\007line end' >&2; exit 255`;
    const script = `#!/bin/sh\necho "$*" >> calls\n[ "$1" = config ] && { ${config}; exit; }\n[ "$1" = stack ] && { ${exported}; exit; }\n${said}\n`;
    await writeFile(executable, script.replace(">> calls", `>> ${path.join(folder, "calls")}`));
    await chmod(executable, 0o755);
    const program = `
      const { attempt } = require("./cli/lib/engine");
      const { hideSecrets } = require("./cli/lib/decryption");
      const engine = { executable: ${JSON.stringify(executable)}, environment: process.env };
      hideSecrets(engine, "local").then(() => attempt(engine, ["preview"])).then(({ code }) => process.exit(code));`;
    const args = ["--require", "ts-node/register/transpile-only", "--eval", program];
    return run(process.execPath, args, { cwd: projectFolder });
  }

  it("has nothing of the stack's secrets, which are in no argument, and nothing that a terminal obeys", async () => {
    const config = {
      "datasets-server:hfToken": { value, secret: true },
      "datasets-server:standby": { value: "denied" },
    };
    assert.deepEqual(await preview(`echo '${JSON.stringify(config)}'`), {
      code: 255,
      stdout: "denied: HF_TOKEN=[secret]\n",
      stderr: "no \\u{1b}]0;owned\\u{7}line end",
    });
    assert.ok(!(await readFile(path.join(folder, "calls"), "utf8")).includes(value));
  });

  it("has nothing of what is deployed either, as of a token that the stack file has replaced", async () => {
    const data = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270" };
    const inputs = { data: { ...data, plaintext: JSON.stringify({ HF_TOKEN: encoded }) } };
    const state = { deployment: { resources: [{ type: "kubernetes:core/v1:Secret", inputs }] } };
    const { stdout } = await preview("echo '{}'", `echo '${JSON.stringify(state)}'`);
    assert.equal(stdout, "denied: HF_TOKEN=[secret]\n");
  });

  it("has what no pattern finds where Pulumi cannot decrypt them, which is said before", async () => {
    const { stdout, stderr } = await preview("echo 'error: incorrect passphrase' >&2; exit 255");
    assert.equal(stdout, `denied: HF_TOKEN=${encoded}\n`);
    assert.match(
      stderr,
      /^warning: Pulumi\.local\.yaml cannot be decrypted: incorrect passphrase\nOf secrets, what follows/,
    );
  });
}).timeout(30_000);
