import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { parse } from "yaml";
import { back } from "../../../cli/back";
import { oldStackFile } from "../../../cli/back/stackFile";
import { chooseVersion, mayBeMigrated, versionsOf } from "../../../cli/back/versions";
import type { HistoryEntry } from "../../../cli/history";
import { inWorktree, type Relation } from "../../../cli/lib/git";
import { Clone } from "../../support/clone";
import { start } from "../../support/commandLine";

const commitOf = (letter: string) => letter.repeat(40);

/** An update of a commit that is one letter repeated, as is its image tag by default. */
function entry(letter: string, more: Partial<HistoryEntry> = {}): HistoryEntry {
  return {
    time: "2026-07-02T10:00:00.000Z",
    commit: commitOf(letter),
    dirty: false,
    imageTag: `sha-${letter.repeat(7)}`,
    kind: "update",
    result: "succeeded",
    changes: {},
    ...more,
  };
}

/** Commits whose letters are in the order of the alphabet, each a child of the one before. */
async function inOrder(commit: string, to: string): Promise<Relation> {
  if (commit === to) return "same";
  return commit < to ? "older" : "newer";
}

describe("the versions that a stack can go back to", () => {
  const letters = (entries: readonly HistoryEntry[]) => versionsOf(entries).map(({ commit }) => commit[0]);

  it("are the commits whose update succeeded, each once, the one deployed last first", () => {
    assert.deepEqual(letters([entry("c"), entry("b", { result: "failed" }), entry("a"), entry("c")]), ["c", "a"]);
  });

  it("are no files that were never a commit, and none from before the stack was destroyed", () => {
    const withoutCommit: HistoryEntry = { ...entry("e"), dirty: true };
    assert.deepEqual(letters([withoutCommit, entry("d"), entry("c", { kind: "destroy" }), entry("b")]), ["d"]);
  });

  it("are those too that were gone back to with the secrets of another day, by when that was", () => {
    assert.deepEqual(letters([entry("a", { dirty: true }), entry("b"), entry("a")]), ["a", "b"]);
  });
});

describe("the version that ds back takes", () => {
  const chosen = async (entries: readonly HistoryEntry[], current: string, to?: string) => {
    const question = { stack: "prod", current: commitOf(current), ...(to !== undefined && { to }) };
    return (await chooseVersion(versionsOf(entries), question, inOrder)).commit[0];
  };

  it("is the last one that the current commit descends from, whatever became of the current one", async () => {
    assert.equal(await chosen([entry("c"), entry("b"), entry("a")], "c"), "b");
    assert.equal(await chosen([entry("c", { result: "failed" }), entry("b"), entry("a")], "c"), "b");
  });

  it("is never a newer commit, from which one has just come back", async () => {
    assert.equal(await chosen([entry("b", { dirty: true }), entry("c"), entry("b"), entry("a")], "b"), "a");
  });

  it("is the one that was gone back to before, not the bad one between", async () => {
    assert.equal(await chosen([entry("d"), entry("a", { dirty: true }), entry("c"), entry("a")], "d"), "a");
  });

  it("is the one named by the first digits of its commit, or by its image tag", async () => {
    const entries = [entry("c"), entry("b"), entry("a")];
    assert.equal(await chosen(entries, "c", "aaaaaaa"), "a");
    assert.equal(await chosen(entries, "c", "sha-aaaaaaa"), "a");
  });

  it("is none where no version, or more than one, is meant, and then the versions are named", async () => {
    const entries = [entry("c"), entry("b", { imageTag: "sha-aaaaaaa" }), entry("a")];
    await assert.rejects(chosen(entries, "c", "ddddddd"), /no version of stack prod is ddddddd; no changes were made/);
    await assert.rejects(chosen(entries, "c", ""), /no version of stack prod is ;/);
    await assert.rejects(chosen(entries, "c", "sha-aaaaaaa"), /sha-aaaaaaa is 2 versions of stack prod.*bbbbbbbbbbbb/s);
    await assert.rejects(chosen(entries, "c", "ccccccc"), /ccccccc is what stack prod was deployed from last/);
    await assert.rejects(chosen([entry("a")], "a"), /no version of stack prod before commit a{12} ended well/);
  });

  it("is none while the clone cannot tell which commit is older", async () => {
    const unknown = async (): Promise<Relation> => "unknown";
    const question = { stack: "prod", current: commitOf("b") };
    await assert.rejects(
      chooseVersion(versionsOf([entry("b"), entry("a")]), question, unknown),
      (error: Error) =>
        /this clone does not have commit/.test(String(error)) && /git fetch/.test(JSON.stringify(error)),
    );
  });
});

describe("the database, for an older version", () => {
  const migrated = (entries: readonly HistoryEntry[]) => {
    const version = versionsOf(entries).find(({ commit }) => commit === commitOf("a"));
    assert.ok(version);
    return mayBeMigrated(entries, version);
  };
  const tag = "sha-aaaaaaa";

  it("may be newer once other images were deployed after it, also by an update that failed", () => {
    assert.equal(migrated([entry("b"), entry("a")]), true);
    assert.equal(migrated([entry("c", { imageTag: tag }), entry("b", { result: "failed" }), entry("a")]), true);
    assert.equal(migrated([entry("a", { dirty: true }), entry("b"), entry("a")]), true);
  });

  it("is as it was where the images stayed the same", () => {
    assert.equal(migrated([entry("b", { imageTag: tag }), entry("a"), entry("0")]), false);
  });
});

describe("the stack file of an older version", () => {
  const old = `config:
  datasets-server:images: {registry: r, tag: sha-aaaaaaa}
  datasets-server:migration:
    # A comment stays.
    deadlineSeconds: 3600
  datasets-server:hfToken:
    secure: v1:old
  datasets-server:mongoUrl:
    secure: v1:same
encryptionsalt: v1:salt
`;
  const today = `config:
  datasets-server:images: {registry: r, tag: sha-bbbbbbb}
  datasets-server:hfToken:
    secure: v1:new
  datasets-server:mongoUrl:
    secure: v1:same
  datasets-server:webhookSecret:
    secure: v1:later
encryptionsalt: v1:salt
`;
  const byKey = "secretsprovider: awskms://alias/a\nencryptedkey: a2V5\n";
  const keyed = (text: string) => text.replace("encryptionsalt: v1:salt\n", byKey);
  const keep = { skipMigration: false };

  it("gets the secrets of today that it has too, and is otherwise as it was", () => {
    const { text, secrets } = oldStackFile(old, today, keep);
    assert.deepEqual(secrets, ["datasets-server:hfToken"]);
    assert.equal(text, old.replace("v1:old", "v1:new"));
  });

  it("is not touched at all where no secret differs", () => {
    assert.deepEqual(oldStackFile(old, old, keep), { text: old, secrets: [] });
  });

  it("gets what they are encrypted with, and keeps nothing of what it was encrypted with", () => {
    const { text, secrets } = oldStackFile(old, keyed(today), keep);
    const { config, ...encryption } = parse(text);
    assert.deepEqual(encryption, { secretsprovider: "awskms://alias/a", encryptedkey: "a2V5" });
    assert.deepEqual(config["datasets-server:hfToken"], { secure: "v1:new" });
    assert.deepEqual(secrets, ["datasets-server:hfToken"]);
    assert.equal(parse(oldStackFile(keyed(old), today, keep).text).secretsprovider, undefined);
  });

  it("keeps a secret that today's file lacks where it can be decrypted, and is refused where it cannot", () => {
    const without = today.replace("  datasets-server:hfToken:\n    secure: v1:new\n", "");
    assert.deepEqual(oldStackFile(old, without, keep), { text: old, secrets: [] });
    assert.throws(() => oldStackFile(old, keyed(without), keep), /datasets-server:hfToken.* no changes were made/s);
  });

  it("takes a secret within a list or a map by its place", () => {
    const nested = (value: string) => `config:\n  datasets-server:a:\n    - x: {secure: ${value}}\n`;
    const { text, secrets } = oldStackFile(nested("v1:old"), nested("v1:new"), keep);
    assert.deepEqual([text, secrets], [nested("v1:new"), ["datasets-server:a"]]);
  });

  it("leaves the migration out where it is told to, beside what it says of it", () => {
    const { text } = oldStackFile(old, old, { skipMigration: true });
    assert.equal(text, old.replace("deadlineSeconds: 3600\n", "deadlineSeconds: 3600\n    mode: skip\n"));
    const without = old.replace(/ {2}datasets-server:migration:\n.*\n.*\n/, "");
    const added = oldStackFile(without, old, { skipMigration: true }).text;
    assert.deepEqual(parse(added).config["datasets-server:migration"], { mode: "skip" });
  });
});

describe("a worktree of a commit", () => {
  let clone: Clone;
  let folder: string;

  before(() => {
    clone = new Clone();
    ({ folder } = clone);
  });
  after(() => clone.remove());

  const git = (...args: readonly string[]) => clone.git(...args);

  it("has that commit's files, leaves the clone as it is, and is removed also when what it was for fails", async () => {
    await git("init", "--quiet");
    await writeFile(path.join(folder, "file"), "first");
    await git("add", "--all");
    await git("commit", "--quiet", "--message", "first");
    const first = await git("rev-parse", "HEAD");
    await git("rm", "--quiet", "file");
    await git("commit", "--quiet", "--message", "second");
    let there = "";
    const fails = inWorktree(
      first,
      async (worktree) => {
        there = worktree;
        assert.ok(existsSync(path.join(worktree, "file")));
        await writeFile(path.join(worktree, "file"), "changed");
        throw new Error("it failed");
      },
      folder,
    );
    await assert.rejects(fails, /it failed/);
    assert.ok(!existsSync(path.dirname(there)));
    assert.equal((await git("worktree", "list")).split("\n").length, 1);
    assert.equal(await git("status", "--porcelain"), "");
    await assert.rejects(
      inWorktree(commitOf("a"), async () => undefined, folder),
      /no changes were made/,
    );
  });
});

describe("ds back", () => {
  it("asks at a terminal or is told --yes", async () => {
    const { code, stderr } = await start(["back", "prod"]);
    assert.equal(code, 1);
    assert.match(stderr, /no terminal to ask at; no changes were made\nNext: ds back prod --yes/);
  });

  it("is about stacks that are deployed from commits", async () => {
    const going = back("/nowhere", "pr-7", { yes: true, smoke: true, allow: [] });
    await assert.rejects(going, /stack pr-7 is not deployed from commits of main; no changes were made/);
  });
});
