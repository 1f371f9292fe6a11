import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import type { HistoryEntry } from "../../../cli/history";
import { gitHubRepository } from "../../../cli/lib/github";
import { stackFile } from "../../../cli/lib/project";
import { givenTag, openPromotion, promote, runningTag, withTag } from "../../../cli/promote";
import { environmentOf, quick, repository, token } from "../../support/github";
import { type Answer, type HttpServer, startHttpServer } from "../../support/httpServer";
import { fixtureText } from "../../support/stackConfig";

const prod = fixtureText("prod");
const [oldTag, newTag, newerTag] = ["sha-59db084", "sha-aaaaaaa", "sha-bbbbbbb"];

interface Pull {
  readonly title: string;
  readonly body: string;
  readonly head: string;
}

/** A repository on GitHub with a branch main, and what commands make of it; and the application's, whose commits can be compared. */
class Fake {
  readonly requests: string[] = [];
  /** The stack file on each branch. */
  readonly files = new Map([["main", prod]]);
  readonly pulls: Pull[] = [];
  compare: Answer = {
    body: {
      html_url: "https://github.test/compare",
      total_commits: 102,
      behind_by: 0,
      commits: [
        { sha: "1".repeat(40), html_url: "https://github.test/1", commit: { message: "fix `x` (#12), @ada\n\nmore" } },
        { sha: "2".repeat(40), html_url: "https://github.test/2", commit: { message: "feat: y" } },
      ],
    },
  };
  /** What every request that writes is answered with. Default: as GitHub would. */
  refused: Answer | undefined;
  private tree = "";
  server: HttpServer | undefined;

  answer({ method, path, body }: { method: string; path: string; body: string }): Answer {
    const { pathname, searchParams } = new URL(path, "http://github.test");
    if (pathname.startsWith("/repos/huggingface/dataset-viewer/compare/")) return this.compare;
    const below = decodeURIComponent(pathname).replace(`/repos/${repository}`, "");
    this.requests.push(`${method} ${below}`);
    const given = body === "" ? {} : JSON.parse(body);
    if (method !== "GET" && this.refused) return this.refused;
    if (below === "/branches/main") return { body: { commit: { sha: "main", commit: { tree: { sha: "tree" } } } } };
    if (below === "/contents/Pulumi.prod.yaml") {
      const content = Buffer.from(this.files.get(searchParams.get("ref") ?? "") ?? "").toString("base64");
      return { body: { content, encoding: "base64" } };
    }
    if (below === "/git/trees") {
      assert.equal(given.base_tree, "tree");
      this.tree = given.tree[0].content;
      return { status: 201, body: { sha: "new-tree" } };
    }
    if (below === "/git/commits") {
      assert.deepEqual([given.tree, given.parents], ["new-tree", ["main"]]);
      return { status: 201, body: { sha: "new" } };
    }
    if (below === "/git/matching-refs/heads/promote-prod") {
      const names = [...this.files.keys()].filter((name) => name.startsWith("promote-prod"));
      return { body: names.map((name) => ({ ref: `refs/heads/${name}` })) };
    }
    if (below === "/git/refs" || below === "/git/refs/heads/promote-prod") {
      if (method === "PATCH") assert.equal(given.force, true);
      else assert.equal(given.ref, "refs/heads/promote-prod");
      this.files.set("promote-prod", this.tree);
      return { status: 201, body: {} };
    }
    const shown = (pull: Pull) => ({ ...pull, number: 7, head: { sha: pull.head }, html_url: "https://github.test/7" });
    if (below === "/pulls" && method === "GET") {
      assert.equal(searchParams.get("head"), "huggingface:promote-prod");
      return { body: this.pulls.map(shown) };
    }
    if (method === "POST") this.pulls.push(given);
    else this.pulls[0] = { ...this.pulls[0], ...given };
    const [pull] = this.pulls;
    return { status: 200, body: pull && shown(pull) };
  }
}

describe("ds promote", () => {
  let fake: Fake;
  let server: HttpServer;

  beforeEach(async () => {
    fake = new Fake();
    server = await startHttpServer((request) => fake.answer(request));
  });
  afterEach(() => server.stop());

  const open = (tag: string) =>
    openPromotion(gitHubRepository(environmentOf(server.url), { use: "promotion" }), { stack: "prod", tag });

  it("opens one pull request whose one commit changes nothing but the image tag of the stack file on main", async () => {
    assert.deepEqual(await open(newTag), { did: "opened", address: "https://github.test/7" });
    assert.equal(fake.files.get("promote-prod"), prod.replace(oldTag, newTag));
    assert.equal(fake.files.get("main"), prod);
    assert.equal(fake.pulls[0]?.title, `deploy: ${newTag} to prod`);
  });

  it("lists the application's commits between the two tags, in which no name or number means anything to GitHub", async () => {
    await open(newTag);
    assert.equal(
      fake.pulls[0]?.body,
      "Sets `images.tag` of stack prod from `sha-59db084` to `sha-aaaaaaa`. The images that ephemeral runs.\n\n" +
        "102 commits of huggingface/dataset-viewer: https://github.test/compare\n\n" +
        "- [1111111](https://github.test/1) `fix 'x' (#12), @ada`\n" +
        "- [2222222](https://github.test/2) `feat: y`\n" +
        "- and 100 more\n",
    );
  });

  it("says so where the tag is an older one", async () => {
    fake.compare = { body: { html_url: "https://github.test/c", total_commits: 0, behind_by: 3, commits: [] } };
    await open(newTag);
    assert.match(fake.pulls[0]?.body ?? "", /It goes back: 3 commits of .* that run now are not in it/);
  });

  it("says why the commits are not known where they cannot be asked for, and goes on", async () => {
    fake.compare = { status: 404, body: { message: "Not Found" } };
    assert.equal((await open(newTag)).did, "opened");
    assert.match(
      fake.pulls[0]?.body ?? "",
      /commits of huggingface\/dataset-viewer between them are not known.*Not Found/,
    );
  });

  it("brings the pull request up to date that is open, and leaves one that is right", async () => {
    await open(newTag);
    assert.equal((await open(newerTag)).did, "updated");
    assert.equal(fake.pulls.length, 1);
    assert.equal(fake.files.get("promote-prod"), prod.replace(oldTag, newerTag));
    fake.requests.length = 0;
    // The pull request's last commit is what its branch is at.
    const [pull] = fake.pulls;
    assert.ok(pull);
    fake.pulls[0] = { ...pull, head: "promote-prod" };
    assert.equal((await open(newerTag)).did, "left as it is:");
    assert.deepEqual(
      fake.requests.filter((request) => !request.startsWith("GET ")),
      [],
    );
  });

  it("uses the branch again that an earlier pull request left, and no other whose name begins so", async () => {
    fake.files.set("promote-prod-hub-green", "another's");
    await open(newTag);
    assert.ok(fake.requests.includes("POST /git/refs"));
    fake.pulls.length = 0;
    assert.equal((await open(newerTag)).did, "opened");
    assert.ok(fake.requests.includes("PATCH /git/refs/heads/promote-prod"));
  });

  it("has nothing to do where main has the tag, and writes nothing", async () => {
    await assert.rejects(open(oldTag), /nothing to promote: main has sha-59db084 for stack prod already/);
    assert.ok(fake.requests.every((request) => request.startsWith("GET ")));
  });

  it("opens no second pull request, nor another branch, when the answer to the first one got lost", async () => {
    const answer = fake.answer.bind(fake);
    let lost = 0;
    fake.answer = (request) => {
      const made = answer(request);
      if (request.method !== "POST" || !request.path.endsWith("/pulls") || lost > 0) return made;
      lost += 1;
      return { status: 502, body: { message: "Server Error" } };
    };
    const repository = gitHubRepository(environmentOf(server.url), { use: "promotion" }, quick);
    const { address } = await openPromotion(repository, { stack: "prod", tag: newTag });
    assert.deepEqual([address, lost, fake.pulls.length], ["https://github.test/7", 1, 1]);
  });

  it("tells what a token lacks that may not write", async () => {
    fake.refused = { status: 403, body: { message: "Resource not accessible by integration" } };
    await assert.rejects(open(newTag), (error: Error) => {
      assert.match(String(error), /may not write branches and pull requests here .*; no pull request was opened/);
      assert.match(JSON.stringify(error), /contents: write, pull-requests: write/);
      assert.doesNotMatch(JSON.stringify(error) + String(error), new RegExp(token));
      return true;
    });
    assert.equal(fake.pulls.length, 0);
  });
});

describe("the tag that ds promote brings", () => {
  const entry: HistoryEntry = {
    time: "2026-07-02T10:00:00.000Z",
    dirty: false,
    imageTag: newTag,
    kind: "update",
    result: "succeeded",
    changes: {},
  };

  it("is for ephemeral one that names one build", () => {
    assert.equal(givenTag(newTag), newTag);
    for (const bad of ["latest", "sha-", "sha-xyz", "", "--image"]) {
      assert.throws(() => givenTag(bad), /--image: got ".*"; expected "sha-" followed by 7 to 40 hex digits/);
    }
    assert.throws(() => givenTag(undefined), /--image: missing; expected "sha-"/);
  });

  it("is for prod what ephemeral's last update brought, and is not to be given", async () => {
    assert.equal(runningTag([{ ...entry, kind: "refresh" }, entry, { ...entry, imageTag: oldTag }]), newTag);
    const given = promote("/nowhere", "prod", { image: newTag, smoke: false });
    await assert.rejects(given, /prod gets the images that ephemeral runs; no changes were made/);
  });

  it("is none while nobody knows what ephemeral runs", () => {
    assert.throws(() => runningTag([{ ...entry, result: "failed" }, entry]), /stack ephemeral .*update, failed/);
    assert.throws(() => runningTag([{ ...entry, result: "in-progress" }, entry]), /update, in-progress/);
    assert.throws(() => runningTag([{ ...entry, kind: "destroy" }, entry]), /destroy, succeeded/);
    assert.throws(() => runningTag([]), /stack ephemeral was never deployed/);
  });
});

describe("a stack file with another image tag", () => {
  for (const stack of ["prod", "ephemeral"]) {
    it(`is that of ${stack} but for the tag`, () => {
      const file = readFileSync(stackFile(stack), "utf8");
      const { from, text } = withTag(file, newTag);
      assert.equal(text, file.replace(from, newTag));
      assert.notEqual(text, file);
    });
  }

  it("is as it was written, however that was", () => {
    const written = (tag: string) =>
      `config:\n  a: [ b,  c ] # why\n  datasets-server:images:  {tag: ${tag}, x: 'y'}\n`;
    assert.deepEqual(withTag(written('"sha-59db084"'), newTag), { from: "sha-59db084", text: written(newTag) });
    assert.throws(() => withTag("config: {}\n", newTag), /no images\.tag; no changes were made/);
  });
});
