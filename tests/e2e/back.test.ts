import assert from "node:assert/strict";
import { mkdir, readdir } from "node:fs/promises";
import path from "node:path";
import { parse } from "yaml";
import { clusterAccess } from "../../cli/access/clusters";
import type { RunResult } from "../../tools/run";
import { type AwsAccount, startAwsAccount } from "../support/e2e/awsAccount";
import { suiteFolder } from "../support/e2e/world";
import { administrator, author, Team } from "../support/state/team";

const [oldToken, newToken] = ["hf_of_the_first_version", "hf_of_the_second_version"];

describe("ds back, from a clone whose last deploy has other images and another token", () => {
  let aws: AwsAccount;
  let team: Team;
  let first: string;
  let second: string;
  let said: RunResult;
  let temporary: string;

  before(async () => {
    const suite = await suiteFolder("back");
    const { policies } = clusterAccess("hub-prod");
    aws = await startAwsAccount(suite, {
      [administrator]: { role: administrator, policies: [policies.deploy, policies.bootstrap] },
      prod: { role: "prod", policies: [policies.deploy] },
    });
    temporary = path.join(suite, "temporary");
    await mkdir(temporary);
    team = await Team.create(suite, aws);
    succeeds(await team.command("bootstrap", "prod"));
    succeeds(await team.shell("git init --quiet --initial-branch main"));
    await team.engine("prod").setSecret("hfToken", oldToken);
    first = await team.commit("feat: the first version");
    succeeds(await deploy());
    await team.engine("prod").setSecret("hfToken", newToken);
    await team.engine("prod").configure("images.tag", "sha-abc1234");
    second = await team.commit("feat: the second version");
    succeeds(await deploy());
    said = await back();
  });
  after(() => aws.stop());

  function succeeds({ code, stdout, stderr }: RunResult): string {
    assert.equal(code, 0, stdout + stderr);
    return stdout.trim();
  }

  const deploy = () => team.command("deploy", "prod", ["--yes", "--no-smoke"], { RUN: "deploy" });
  const back = (...flags: readonly string[]) =>
    team.command("back", "prod", ["--yes", "--no-smoke", ...flags], { RUN: "back", TMPDIR: temporary });

  it("shows the versions, and deploys the one before with the image of then and the token of today", async () => {
    const stdout = succeeds(said);
    assert.match(stdout, new RegExp(`now it is ${second}:\n(.*\n)*.*${first}(.*\n)*back to commit ${first}`));
    assert.match(stdout, /^with today's secrets: datasets-server:hfToken$/m);
    assert.match(stdout, /^without the migration, as later images may have migrated the database$/m);
    const history: unknown = JSON.parse(succeeds(await team.command("history", "prod", ["--json"])));
    assert.ok(Array.isArray(history));
    const [{ commit: last, imageTag, result }] = history;
    assert.deepEqual([last.slice(0, 12), imageTag, result], [first, "sha-59db084", "succeeded"]);
    const { stdout: outputs } = await team.engine("prod").run("stack", "output", "--json", "--show-secrets");
    assert.equal(JSON.parse(outputs).token, newToken);
  });

  it("shows no token, leaves no worktree and no folder, and the checkout as it was", async () => {
    for (const token of [oldToken, newToken]) assert.doesNotMatch(said.stdout + said.stderr, new RegExp(token));
    assert.equal(succeeds(await team.shell("git worktree list | wc -l")), "1");
    assert.equal(succeeds(await team.shell("git status --porcelain; git rev-parse --short=12 HEAD")), second);
    const left = await readdir(temporary);
    assert.deepEqual(
      left.filter((name) => name.startsWith("datasets-server-")),
      [],
    );
  });

  it("prints a git command by which main agrees", async () => {
    const [, command = ""] = /revert the bad ones and merge that: git (revert .*)$/m.exec(said.stdout) ?? [];
    succeeds(await team.shell(`git ${author} ${command}`));
    assert.equal(parse(await team.stackFile("prod")).config["datasets-server:images"].tag, "sha-59db084");
    succeeds(await team.shell(`git reset --quiet --hard ${second}`));
  });

  it("does not go forth to the version that it came back from, unless that is named", async () => {
    const { code, stderr } = await back();
    assert.equal(code, 1);
    assert.match(stderr, new RegExp(`no version of stack prod before commit ${first} ended well`));
    const forth = succeeds(await back("--to", "sha-abc1234"));
    assert.match(forth, new RegExp(`back to commit ${second}(.*\n)*.*it needs no revert$`));
  });

  it("ends with 1 where the deploy of the older version fails, and leaves no worktree then either", async () => {
    // The older program cannot write where this variable says.
    const failed = await team.command("back", "prod", ["--yes", "--no-smoke"], { RUNS_LOG: "/nowhere/runs.log" });
    assert.equal(failed.code, 1);
    assert.match(failed.stderr, new RegExp(`ds deploy of commit ${first} ended with exit code 1`));
    assert.equal(succeeds(await team.shell("git worktree list | wc -l")), "1");
  });
});
