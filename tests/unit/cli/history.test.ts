import assert from "node:assert/strict";
import type { UpdateSummary } from "@pulumi/pulumi/automation";
import { historyEntries, historyEntry, historyTable } from "../../../cli/history";
import { withAuthor } from "../../../cli/state/author";

/** As Pulumi's library has it; what it has of configuration is without its secrets. */
const updates: readonly UpdateSummary[] = [
  {
    kind: "update",
    startTime: new Date("2026-07-02T10:00:00.000Z"),
    message: "by ada@laptop",
    environment: { "git.head": "8043b9b0a1c28043b9b0a1c28043b9b0a1c28043", "git.dirty": "true" },
    config: {
      "datasets-server:hfToken": { value: "", secret: true },
      "datasets-server:images": { value: '{"registry":"r","tag":"sha-0123abc"}', secret: false },
    },
    result: "succeeded",
    endTime: new Date("2026-07-02T10:01:00.000Z"),
    version: 2,
    resourceChanges: { same: 80, update: 3, create: 1, delete: 0 },
  },
  {
    kind: "destroy",
    startTime: new Date("2026-07-01T10:00:00.000Z"),
    message: "fix: a commit's title",
    environment: { "git.head": "e05e04c0a1c28043b9b0a1c28043b9b0a1c28043", "git.dirty": "false" },
    config: {},
    result: "failed",
    endTime: new Date("2026-07-01T10:01:00.000Z"),
    version: 1,
  },
];

describe("ds history", () => {
  const [changed, failed] = updates.map(
    (update) => historyTable(historyEntries("prod", [update])).split("\n")[1] ?? "",
  );

  it("says who updated the stack, from which commit, with which images, and what became of it", () => {
    const cells = (changed ?? "").split(/ {2,}/);
    assert.deepEqual(cells, [
      "2026-07-02T10:00:00.000Z",
      "ada@laptop",
      "8043b9b0a1c2, changed",
      "sha-0123abc",
      "update",
      "succeeded",
      "3 update, 1 create",
    ]);
  });

  it("is JSON of one form for scripts", () => {
    const [first, second] = historyEntries("prod", updates);
    assert.deepEqual(first, {
      time: "2026-07-02T10:00:00.000Z",
      author: "ada@laptop",
      commit: "8043b9b0a1c28043b9b0a1c28043b9b0a1c28043",
      dirty: true,
      imageTag: "sha-0123abc",
      kind: "update",
      result: "succeeded",
      changes: { update: 3, create: 1 },
    });
    for (const entry of [first, second]) historyEntry.parse(JSON.parse(JSON.stringify(entry)));
  });

  it("takes the commit's title for nobody's name, and a commit without changes as it is", () => {
    assert.match(failed ?? "", / not said {2}e05e04c0a1c2 {2}not recorded {2}destroy {2}failed {2}none$/);
  });

  it("does not take the stack file's images for those of a pull request's environment", () => {
    assert.match(historyTable(historyEntries("pr-7", updates)), / 8043b9b0a1c2, changed {2}not recorded {2}/);
  });
});

describe("an update's message", () => {
  it("names the user and the machine, or who started a workflow and its run", () => {
    const [, flag, message = ""] = withAuthor(["up", "--stack", "prod"], {});
    assert.equal(flag, "--message");
    assert.match(message, /^by \S+@\S+$/);
    const inWorkflow = withAuthor(["destroy", "--stack", "prod"], { GITHUB_ACTOR: "ada", GITHUB_RUN_ID: "4711" });
    assert.deepEqual(inWorkflow, ["destroy", "--message", "by ada in run 4711", "--stack", "prod"]);
  });

  it("comes before a message of the user's own, which then counts", () => {
    const args = withAuthor(["up", "--message", "mine"], {});
    assert.equal(args.lastIndexOf("--message"), args.indexOf("mine") - 1);
  });

  it("is for commands that the history records only", () => {
    assert.deepEqual(withAuthor(["stack", "rm", "pr-7"], {}), ["stack", "rm", "pr-7"]);
  });
});
