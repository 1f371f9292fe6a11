import assert from "node:assert/strict";
import { clusterAccess } from "../../cli/access/clusters";
import type { RunResult } from "../../tools/run";
import { type AwsAccount, startAwsAccount } from "../support/e2e/awsAccount";
import { suiteFolder } from "../support/e2e/world";
import { administrator, Team } from "../support/state/team";

describe("ds deploy of a shared stack, from a clone with commits A and then B", () => {
  let aws: AwsAccount;
  let team: Team;
  let first: string;

  before(async () => {
    const suite = await suiteFolder("newest");
    const { deploy, bootstrap } = clusterAccess("hub-prod").policies;
    aws = await startAwsAccount(suite, {
      [administrator]: { role: administrator, policies: [deploy, bootstrap] },
      prod: { role: "prod", policies: [deploy] },
    });
    team = await Team.create(suite, aws);
    succeeds(await team.command("bootstrap", "prod"));
    succeeds(await team.shell("git init --quiet --initial-branch main"));
    first = await commit("A");
  });
  after(() => aws.stop());

  function succeeds({ code, stdout, stderr }: RunResult): string {
    assert.equal(code, 0, stdout + stderr);
    return stdout.trim();
  }

  const commit = (title: string) => team.commit(title, "--allow-empty");

  const deploy = (...flags: readonly string[]) =>
    team.command("deploy", "prod", ["--yes", "--no-smoke", ...flags], { RUN: "deploy" });

  async function assertRefused(why: RegExp, ...flags: readonly string[]): Promise<void> {
    const before = await team.runs();
    const { code, stderr } = await deploy(...flags);
    assert.equal(code, 1, stderr);
    assert.match(stderr, why);
    assert.match(stderr, /no changes were made\nNext: .* --(back|dirty)/);
    assert.deepEqual(await team.runs(), before, "the program ran");
  }

  it("deploys A, A once more, and then B", async () => {
    succeeds(await deploy());
    succeeds(await deploy());
    await commit("B");
    succeeds(await deploy());
  });

  it("refuses A over B, names B, its author and the time, and goes back with --back", async () => {
    const second = succeeds(await team.shell("git rev-parse --short=12 HEAD"));
    succeeds(await team.shell(`git checkout --quiet ${first}`));
    const what = `commit ${first} is older than ${second}, which was deployed by \\S+@\\S+ at \\d{4}-\\S+Z`;
    await assertRefused(new RegExp(what));
    succeeds(await deploy("--back"));
    succeeds(await deploy());
    succeeds(await team.shell("git checkout --quiet main"));
    succeeds(await deploy());
  });

  it("refuses a branch without B", async () => {
    succeeds(await team.shell(`git checkout --quiet -b side ${first}`));
    const side = await commit("C");
    await assertRefused(new RegExp(`commit ${side} lacks changes of \\w{12}, which was deployed`));
    succeeds(await team.shell("git checkout --quiet main"));
  });

  it("refuses files that are no commit, one that git does not know among them, unless it is told --dirty", async () => {
    succeeds(await team.shell("echo '# changed' >> Pulumi.ephemeral.yaml; touch Pulumi.prod-hub-green.yaml"));
    const files = "Pulumi.ephemeral.yaml, Pulumi.prod-hub-green.yaml";
    await assertRefused(new RegExp(`files differ from commit \\w{12}: ${files};`));
    await assertRefused(new RegExp(files), "--back");
    succeeds(await deploy("--dirty"));
    succeeds(await team.shell("git checkout --quiet Pulumi.ephemeral.yaml; rm Pulumi.prod-hub-green.yaml"));
  });

  it("refuses a clone that does not have the commit deployed last, as it cannot tell which is newer", async () => {
    await commit("D");
    succeeds(await deploy());
    succeeds(await team.shell("git checkout --quiet --orphan fresh"));
    await commit("E");
    succeeds(
      await team.shell(
        "git branch --quiet -D main side; git reflog expire --expire=now --all; git gc --quiet --prune=now",
      ),
    );
    await assertRefused(/this clone does not have commit \w{12}, which was deployed/);
  });
});
