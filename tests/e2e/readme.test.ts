import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import fs from "node:fs/promises";
import path from "node:path";
import { projectFolder } from "../../cli/lib/project";
import { isEncryptedKey, placeholders } from "../../config/schema";
import { findTools } from "../../tools/install";
import { type RunResult, run } from "../../tools/run";
import { workspacePaths } from "../../tools/workspace";
import { awsRootEnvironment, installAwsStandIn } from "../support/aws";
import { copyCheckout } from "../support/e2e/checkout";
import { fastPodStages } from "../support/e2e/cluster";
import { deployRole, type Eks, startEks } from "../support/e2e/eks";
import { labelledObjects } from "../support/e2e/workloads";
import { suiteFolder } from "../support/e2e/world";
import { wellFormedSecret } from "../support/secrets";

/** The commands of README under one heading, in its last block, without their comments. */
function readmeCommands(heading: string): string[] {
  const text = readFileSync(path.join(projectFolder, "README.md"), "utf8");
  const section = text.split(`## ${heading}\n`)[1]?.split(/^## /m)[0] ?? "";
  const block = [...section.matchAll(/^```\n(.*?)^```$/gms)].at(-1)?.[1] ?? "";
  const commands = block.split("\n").map((line) => line.replace(/ +#.*/, ""));
  return commands.filter((command) => command !== "");
}

describe("README's first deploy, typed on a machine that has node, git and the AWS CLI", () => {
  let eks: Eks;
  let checkout: string;
  let environment: NodeJS.ProcessEnv;

  before(async () => {
    eks = await startEks("hub-prod", await fastPodStages());
    const suite = await suiteFolder("readme");
    checkout = path.join(suite, "checkout");
    await copyCheckout(checkout);
    // It exists as a release only, and none can be reached here.
    await installAwsStandIn(workspacePaths(path.join(checkout, ".local")).pulumiHome);
    const bin = path.join(suite, "bin");
    await fs.mkdir(bin);
    await fs.symlink(process.execPath, path.join(bin, "node"));
    await fs.symlink(path.join(checkout, "ds"), path.join(bin, "ds"));
    const aws = path.dirname(findTools(["test"]).aws);
    environment = {
      ...eks.aws.variables(deployRole("hub-prod")),
      PATH: [bin, aws, "/usr/bin", "/bin"].join(path.delimiter),
    };
  });
  after(() => eks.stop());

  function shell(command: string, { input = "", variables = {} } = {}): Promise<RunResult> {
    const script = `printf %s "$INPUT" | (${command})`;
    const env = { ...environment, ...variables, INPUT: input };
    return run("/bin/sh", ["-c", script], { cwd: checkout, env, timeoutMs: 9 * 60_000 });
  }

  async function succeeds(command: string, options: Parameters<typeof shell>[1] = {}): Promise<string> {
    const { code, stdout, stderr } = await shell(command, options);
    assert.equal(code, 0, `${command}\n${stdout}${stderr}`);
    return stdout;
  }

  it("brings production up, with nothing but ds", async () => {
    assert.notEqual((await shell("command -v pulumi")).code, 0, "there is a pulumi on PATH");
    const commands = readmeCommands("First deploy from a fresh clone");
    assert.deepEqual(commands, [
      "export AWS_PROFILE=tb",
      "ds bootstrap prod",
      "git commit Pulumi.prod.yaml",
      "ds pulumi prod -- config set --secret datasets-server:hfToken",
      "ds doctor prod",
      "ds preview prod",
      "ds deploy prod",
    ]);
    await succeeds("ds bootstrap prod", { variables: { ...awsRootEnvironment(eks.aws.endpoint), AWS_PROFILE: "" } });
    for (const key of Object.keys(placeholders).filter(isEncryptedKey)) {
      const text = randomBytes(24).toString("hex");
      const input = wellFormedSecret(key, text);
      await succeeds(`ds pulumi prod -- config set --secret datasets-server:${key}`, { input });
      assert.doesNotMatch(await fs.readFile(path.join(checkout, "Pulumi.prod.yaml"), "utf8"), new RegExp(text));
    }
    await succeeds("ds doctor prod");
    await succeeds("ds preview prod");
    assert.match((await shell("ds deploy prod")).stderr, /no terminal to ask at/);
    assert.deepEqual(await labelledObjects(eks.cluster.kubernetes, "prod"), []);
    // No load balancer is behind prod's address here.
    await succeeds("ds deploy prod --yes --no-smoke -- --skip-preview");
    assert.match(await succeeds("ds pulumi prod -- stack output url"), /^https:\/\/datasets-server\.huggingface\.co$/m);
    assert.ok((await labelledObjects(eks.cluster.kubernetes, "prod")).length > 70);
  });
});
