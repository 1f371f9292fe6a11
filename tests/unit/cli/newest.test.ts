import assert from "node:assert/strict";
import type { UpdateSummary } from "@pulumi/pulumi/automation";
import { requireLastCommit } from "../../../cli/environments/newest";
import { relationOf, workingTree } from "../../../cli/lib/git";
import { lastDeployed } from "../../../cli/state/newest";
import { Clone } from "../../support/clone";
import { environmentOf, type GitHub, pullRequest, startGitHub } from "../../support/github";

function update(commit: string | undefined, more: Partial<UpdateSummary> = {}): UpdateSummary {
  return {
    kind: "update",
    startTime: new Date("2026-07-02T10:00:00.000Z"),
    endTime: new Date("2026-07-02T10:01:00.000Z"),
    message: "by ada@laptop",
    environment: { ...(commit && { "git.head": commit }) },
    config: {},
    result: "succeeded",
    version: 1,
    ...more,
  };
}

describe("the commit that was deployed last", () => {
  const last = (...updates: readonly UpdateSummary[]) => lastDeployed(updates)?.commit;

  it("is that of the latest update, by whom and when", () => {
    assert.deepEqual(lastDeployed([update("b"), update("a")]), {
      commit: "b",
      how: "which was deployed by ada@laptop at 2026-07-02T10:00:00.000Z",
    });
  });

  it("is that of an update that failed on its way, and not of one that changed nothing", () => {
    const failed = (resourceChanges: UpdateSummary["resourceChanges"]) =>
      update("b", { result: "failed", ...(resourceChanges && { resourceChanges }) });
    assert.equal(last(failed({ update: 1, same: 3 }), update("a")), "b");
    assert.equal(last(failed({ update: 0, same: 3 }), update("a")), "a");
    assert.equal(last(failed(undefined), update("a")), "a");
  });

  it("is not that of a refresh, nor of files that were no commit", () => {
    assert.equal(last(update("c", { kind: "refresh" }), update(undefined), update("a")), "a");
  });

  it("is none after the stack was destroyed, and of a stack that was never updated", () => {
    assert.equal(last(update("b", { kind: "destroy" }), update("a")), undefined);
    assert.equal(last(), undefined);
  });
});

describe("a commit in a clone", () => {
  let clone: Clone;
  let folder: string;

  before(() => {
    clone = new Clone();
    ({ folder } = clone);
  });
  after(() => clone.remove());

  const git = (...args: readonly string[]) => clone.git(...args);

  async function commit(title: string): Promise<string> {
    await git("commit", "--quiet", "--allow-empty", "--message", title);
    return git("rev-parse", "HEAD");
  }

  it("is newer than those it descends from, whatever their time, and older than those that descend from it", async () => {
    assert.deepEqual(await workingTree(folder), { changed: [] });
    await git("init", "--quiet");
    const first = await commit("first");
    const second = await commit("second");
    await git("checkout", "--quiet", "-b", "side", first);
    const side = await commit("side");
    const relation = (one: string, to: string) => relationOf(one, to, folder);
    assert.equal(await relation(second, first), "newer");
    assert.equal(await relation(first, second), "older");
    assert.equal(await relation(side, second), "apart");
    assert.equal(await relation(side, side), "same");
    assert.equal(await relation(side, "0".repeat(40)), "unknown");
    assert.deepEqual(await workingTree(folder), { commit: side, changed: [] });
  });
});

describe("the environment of a pull request", () => {
  let github: GitHub;
  const [earlier, later] = ["a".repeat(40), "b".repeat(40)] as const;

  before(async () => {
    github = await startGitHub();
    github.push(later);
  });
  after(() => github.stop());

  const up = (headSha?: string) =>
    requireLastCommit({ number: pullRequest, ...(headSha && { headSha }) }, environmentOf(github.url));

  it("gets the last commit, in full or short, or one that is not said", async () => {
    await up(later);
    await up(later.slice(0, 7));
    await up();
  });

  it("does not get an earlier one, by GitHub, as after a force push no clone has both", async () => {
    await assert.rejects(
      up(earlier),
      /commit a{40} is not the last of pull request 123, which is b{40}; no changes were made/,
    );
  });

  it("gets any where neither GitHub nor the clone knows better", async () => {
    await requireLastCommit({ number: pullRequest, headSha: earlier, recorded: later }, {});
  });
});
