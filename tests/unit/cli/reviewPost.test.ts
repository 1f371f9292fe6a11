import assert from "node:assert/strict";
import { gitHubRepository } from "../../../cli/lib/github";
import { comment as commentOn, marker, mostCharacters } from "../../../cli/review/markdown";
import { outdateReview, postComment, targetOf } from "../../../cli/review/post";
import {
  botLogin,
  type Comment,
  environmentOf,
  type GitHub,
  pullRequest,
  quick,
  startGitHub,
} from "../../support/github";
import type { Answer } from "../../support/httpServer";

const comment = `${marker}\n\nwhat this change does\n`;

describe("posting the comment of a review", () => {
  let github: GitHub;

  afterEach(() => github.stop());

  function post(body = comment, variables: NodeJS.ProcessEnv = {}) {
    const repository = gitHubRepository({ ...environmentOf(github.url), ...variables }, { use: "comment" }, quick);
    return postComment({ pullRequest, repository }, body);
  }

  it("creates it where there is none", async () => {
    github = await startGitHub();
    const { did, address } = await post();
    assert.equal(did, "created");
    assert.match(address, /^https:\/\/github\.com\/huggingface\/datasets-server\/pull\/123#issuecomment-\d+$/);
    assert.deepEqual(
      github.comments.map(({ body }) => body),
      [comment],
    );
  });

  describe("of a pull request that is pushed to", () => {
    const [earlier, later] = ["a".repeat(40), "b".repeat(40)] as const;
    const of = (commit: string) =>
      commentOn([], { whole: "whole", previewed: { commit, time: new Date("2026-07-01T10:00:00Z") } });
    const bodies = () => github.comments.map(({ body }) => body);
    const isOutdated =
      /What this change does\n\n\*\*Outdated: commit `b{40}` was pushed since\.\*\*\n\nOf `a{40}`, previewed/;

    beforeEach(async () => {
      github = await startGitHub();
      github.push(earlier);
      await post(of(earlier));
      assert.deepEqual(bodies(), [of(earlier)]);
    });

    it("says that it is outdated, once, and only then", async () => {
      await outdateReview(String(pullRequest), environmentOf(github.url));
      assert.deepEqual(bodies(), [of(earlier)]);
      github.push(later);
      for (const _ of ["once", "twice"]) {
        await outdateReview(String(pullRequest), environmentOf(github.url));
        assert.match(bodies().join(), isOutdated);
        assert.equal(
          bodies()
            .join()
            .match(/Outdated/g)?.length,
          1,
        );
      }
      await post(of(later));
      assert.deepEqual(bodies(), [of(later)]);
    });

    it("calls a review outdated whose commit was the last one when it began, and keeps one of the last commit", async () => {
      github.push(later);
      await post(of(earlier));
      assert.match(bodies().join(), isOutdated);
      await post(of(later));
      assert.equal((await post(of(earlier))).did, "kept");
      assert.deepEqual(bodies(), [of(later)]);
    });

    it("says nothing where there is no comment", async () => {
      await github.stop();
      github = await startGitHub();
      await outdateReview(String(pullRequest), environmentOf(github.url));
      assert.deepEqual(bodies(), []);
    });
  });

  it("edits it where it is, on the second page of 120 comments, and touches no other", async () => {
    const before = [
      ...others(104),
      { id: 500, body: `${marker}\n\nearlier`, user: { login: botLogin } },
      ...others(15, 600),
    ];
    github = await startGitHub(before);
    assert.equal((await post()).did, "edited");
    assert.deepEqual(
      github.comments,
      before.map((one) => (one.id === 500 ? { ...one, body: comment } : one)),
    );
    assert.equal(github.requests.filter((request) => request.startsWith("GET ")).length, 2);
  });

  it("creates it after any number of pages without one", async () => {
    github = await startGitHub(others(250));
    assert.equal((await post()).did, "created");
    assert.equal(github.comments.length, 251);
    assert.equal(github.comments.at(-1)?.body, comment);
  });

  it("edits its own one at every further review", async () => {
    github = await startGitHub(others(3));
    await post();
    assert.equal((await post(`${comment}again`)).did, "edited");
    assert.equal(github.comments.length, 4);
  });

  it("never takes a comment of somebody else for its own, who could change it later", async () => {
    const foreign = [
      { id: 1, body: `${marker}\n\nall is well`, user: { login: "mallory" } },
      { id: 2, body: `> ${marker}\n\nquoted`, user: { login: botLogin } },
    ];
    github = await startGitHub(foreign);
    assert.equal((await post()).did, "created");
    assert.deepEqual(github.comments.slice(0, 2), foreign);
  });

  describe("says what to do when GitHub refuses", () => {
    const refusals: readonly (readonly [string, Answer, RegExp])[] = [
      [
        "a limit that was reached",
        {
          status: 403,
          headers: { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1800000000" },
          body: { message: "API rate limit exceeded" },
        },
        /no more requests of this token for now.*; the comment was not posted\nNext: again after 2027-01-15T08:00:00/,
      ],
      [
        "too much at once",
        { status: 429, headers: { "retry-after": "60" }, body: { message: "secondary rate limit" } },
        /no more requests.*\nNext: again in 60 s/,
      ],
      [
        "a token without the right",
        { status: 403, body: { message: "Resource not accessible by integration" } },
        /may not write comments here.*\nNext: .*pull-requests: write/,
      ],
      [
        "no such pull request",
        { status: 404, body: { message: "Not Found" } },
        /no such thing, or .*\/issues\/123\/comments.*\nNext: compare the number and GITHUB_REPOSITORY/,
      ],
      [
        "a fault of its own",
        { status: 502, body: { message: "Server Error" } },
        /did not take the request \(502: Server Error\)/,
      ],
    ];
    for (const [what, answer, says] of refusals) {
      it(what, async () => {
        github = await startGitHub();
        github.failWith(answer);
        await assert.rejects(post(), says);
        assert.deepEqual(github.comments, []);
      });
    }

    it("a token that is not valid, without showing it", async () => {
      github = await startGitHub();
      await assert.rejects(post(comment, { GITHUB_TOKEN: "ghs_expiredToken" }), (error: unknown) => {
        assert.match(String(error), /does not take GITHUB_TOKEN \(401: Bad credentials.*\nNext: /);
        assert.doesNotMatch(String(error), /ghs_/);
        return true;
      });
    });
  });

  describe("asks GitHub nothing", () => {
    beforeEach(async () => {
      github = await startGitHub();
    });
    afterEach(() => assert.deepEqual(github.requests, []));

    it("before it knows where to post, and names all that is missing or wrong at once", () => {
      assert.throws(
        () => targetOf("abc", { GITHUB_REPOSITORY: "datasets-server", GITHUB_API_URL: "api" }),
        (error: Error) => {
          const faults = [
            '--pr: got "abc"; expected ',
            "GITHUB_TOKEN: missing; expected ",
            'GITHUB_REPOSITORY: got "datasets-server"; expected ',
            'GITHUB_API_URL: got "api"; expected ',
          ];
          for (const fault of faults) {
            assert.ok(error.message.includes(`\n  ${fault}`), error.message);
          }
          return true;
        },
      );
      for (const number of ["0", "-1", "1e9", "1;rm", ""]) {
        assert.throws(() => targetOf(number, environmentOf(github.url)), /--pr: /, number);
      }
    });

    it("for a text that is no comment of ours, or too long for one", async () => {
      await assert.rejects(post("hello"), /Next: ds review/);
      await assert.rejects(post(comment.padEnd(mostCharacters + 1, ".")), /Next: ds review/);
    });
  });
});

/** Comments that have nothing to do with ours. */
function others(count: number, firstId = 1): Comment[] {
  return Array.from({ length: count }, (_, index) => ({
    id: firstId + index,
    body: `looks good ${index}`,
    user: { login: index % 2 === 0 ? "ada" : botLogin },
  }));
}
