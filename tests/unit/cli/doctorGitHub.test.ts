import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { CheckRunner, type Row } from "../../../cli/doctor/checkRunner";
import { checkGitHub } from "../../../cli/doctor/github";
import { environments } from "../../../cli/lib/gitHubSettings";
import { gitHubRepository } from "../../../cli/lib/github";
import { projectFolder } from "../../../cli/lib/project";
import { environmentOf, type Settings, startGitHub } from "../../support/github";

const reviewed = { type: "required_reviewers", prevent_self_review: true, reviewers: [{ type: "Team" }] };
const mainOnly = { protected_branches: false, custom_branch_policies: true };

/** What GitHub answers of a repository that is set up as docs/workflows.md says. */
const right: Settings = {
  ...Object.fromEntries(
    Object.entries(environments).flatMap(([name, settings]) => [
      [
        `/environments/${name}`,
        {
          body: {
            name,
            can_admins_bypass: false,
            protection_rules: settings.reviewers ? [reviewed] : [],
            deployment_branch_policy: "branch" in settings ? mainOnly : null,
          },
        },
      ],
      [
        `/environments/${name}/deployment-branch-policies`,
        { body: { branch_policies: [{ name: "main", type: "branch" }] } },
      ],
    ]),
  ),
  "/rules/branches/main": {
    body: [
      { type: "pull_request", parameters: { required_approving_review_count: 1 } },
      {
        type: "required_status_checks",
        parameters: { required_status_checks: [{ context: "offline" }, { context: "test" }] },
      },
      { type: "non_fast_forward" },
      { type: "deletion" },
    ],
  },
  "/actions/runners": { body: { total_count: 0, runners: [] } },
};

/** Returns what doctor finds, but for the checksums, which are no setting of GitHub's. */
async function found(changed: Settings = {}): Promise<Row[]> {
  const gitHub = await startGitHub([], { ...right, ...changed });
  const runner = new CheckRunner(5_000);
  await checkGitHub(runner, gitHubRepository(environmentOf(gitHub.url), { use: "settings" }));
  await gitHub.stop();
  return runner.rows.filter(({ check }) => check !== "checksums of tools");
}

/** Returns the outcome and the words of one check. */
async function of(check: string, changed: Settings): Promise<readonly [string | undefined, string | undefined]> {
  const row = (await found(changed)).find((each) => each.check === check);
  return [row?.outcome, row?.found];
}

/** Returns an environment that differs from what it should be. */
const prodWith = (change: object): Settings => ({
  "/environments/prod": {
    body: { can_admins_bypass: false, protection_rules: [reviewed], deployment_branch_policy: mainOnly, ...change },
  },
});

describe("ds doctor github", () => {
  it("finds nothing wrong with a repository that is set up as the documents say", async () => {
    const rows = await found();
    assert.deepEqual(
      rows.filter(({ outcome }) => outcome !== "ok"),
      [],
    );
    assert.equal(rows.length, Object.keys(environments).length + 2);
  });

  it("fails where an environment is not there, as GitHub makes it without rules once a run names it", async () => {
    const gone = { "/environments/drift": { status: 404, body: { message: "Not Found" } } };
    const [outcome, words] = await of("environments: drift", gone);
    assert.equal(outcome, "failed");
    assert.match(words ?? "", /^it is not there, and GitHub makes it without rules/);
  });

  for (const { says, change } of [
    { says: "it has no required reviewers; who starts a run may approve it", change: { protection_rules: [] } },
    {
      says: "who starts a run may approve it",
      change: { protection_rules: [{ ...reviewed, prevent_self_review: false }] },
    },
    { says: "runs of other branches than main may use it", change: { deployment_branch_policy: null } },
    { says: "administrators may bypass its rules", change: { can_admins_bypass: true } },
  ]) {
    it(`fails where of environment prod ${says}`, async () => {
      assert.deepEqual(await of("environments: prod", prodWith(change)), ["failed", says]);
    });
  }

  it("fails where an environment admits another branch beside main, or a tag of that name", async () => {
    for (const branch_policies of [[{ name: "main" }, { name: "release/*" }], [{ name: "main", type: "tag" }], []]) {
      const policies = { "/environments/ephemeral/deployment-branch-policies": { body: { branch_policies } } };
      const [outcome] = await of("environments: ephemeral", policies);
      assert.equal(outcome, "failed");
    }
  });

  for (const [type, says] of Object.entries({
    pull_request: "no pull request is required; no approval is required",
    required_status_checks: "job offline of ci is not required; job test of ci is not required",
    non_fast_forward: "it may be pushed to by force",
  })) {
    it(`fails where main has no rule of type ${type}`, async () => {
      const { body } = right["/rules/branches/main"] ?? assert.fail();
      const rules = Array.isArray(body) ? body.filter((rule) => rule.type !== type) : [];
      assert.deepEqual(await of("branch main", { "/rules/branches/main": { body: rules } }), [
        "failed",
        `its rulesets allow too much: ${says}`,
      ]);
    });
  }

  it("fails where the repository has a runner that outlives a job, which every branch could use", async () => {
    const kept = {
      "/actions/runners": {
        body: {
          runners: [
            { name: "old", ephemeral: false },
            { name: "new", ephemeral: true },
          ],
        },
      },
    };
    const [outcome, words] = await of("runners", kept);
    assert.equal(outcome, "failed");
    assert.match(words ?? "", /outlive a job: old$/);
  });

  it("cannot tell of runners with a workflow's token, and does not fail for that", async () => {
    const [outcome] = await of("runners", {
      "/actions/runners": { status: 403, body: { message: "Resource not accessible" } },
    });
    assert.equal(outcome, "unknown");
  });

  it("compares with what the documents tell an administrator to set", () => {
    const document = readFileSync(path.join(projectFolder, "docs/workflows.md"), "utf8");
    for (const [name, settings] of Object.entries(environments)) {
      const [reviewers, branches] = [
        settings.reviewers ? "required, no self-review" : "none",
        "branch" in settings ? `\`${settings.branch}\` only` : "any",
      ];
      assert.ok(document.includes(`| \`${name}\` | ${reviewers} | ${branches} | no |`), name);
    }
  });
});
