import assert from "node:assert/strict";
import { reportIssue } from "../../../cli/issue";
import { gitHubRepository, openPullRequests } from "../../../cli/lib/github";
import { marker } from "../../../cli/review/markdown";
import { postComment, targetOf } from "../../../cli/review/post";
import { environmentOf, pullRequest, repository, token } from "../../support/github";
import { type Answer, type HttpServer, startHttpServer } from "../../support/httpServer";

/** Whatever speaks to GitHub, by what it is for. */
const users = {
  comment: (environment: NodeJS.ProcessEnv) => postComment(targetOf(String(pullRequest), environment), marker),
  issue: (environment: NodeJS.ProcessEnv) =>
    reportIssue(gitHubRepository(environment, { use: "issue" }), { about: "drift", text: "found" }),
  pullRequests: (environment: NodeJS.ProcessEnv) =>
    openPullRequests(gitHubRepository(environment, { use: "pullRequests" })),
} as const;

describe("ds pr open", () => {
  it("knows the open pull requests of every page: one left out would lose its environment", async () => {
    const open = Array.from({ length: 250 }, (_, index) => ({ number: index + 1 }));
    const server = await startHttpServer(({ path }) => {
      const { pathname, searchParams } = new URL(path, "http://github.test");
      assert.equal(pathname, `/repos/${repository}/pulls`);
      assert.equal(searchParams.get("state"), "open");
      const [size, page] = [Number(searchParams.get("per_page")), Number(searchParams.get("page") ?? 1)];
      const next = `<${server.url}${pathname}?state=open&per_page=${size}&page=${page + 1}>; rel="next"`;
      const headers: Record<string, string> = page * size < open.length ? { link: next } : {};
      return { headers, body: open.slice((page - 1) * size, page * size) };
    });
    assert.deepEqual(
      await users.pullRequests(environmentOf(server.url)),
      open.map(({ number }) => number),
    );
    await server.stop();
  });
});

describe("what speaks to GitHub", () => {
  const read = (environment: NodeJS.ProcessEnv) => () => gitHubRepository(environment, { use: "issue" });

  it("names everything that is missing or wrong before it sends anything", () => {
    assert.throws(
      read({ GITHUB_REPOSITORY: "https://github.com/a/b", GITHUB_TOKEN: "" }),
      /nothing was sent.*GITHUB_TOKEN: missing.*GITHUB_REPOSITORY: got "https:\/\/github.com\/a\/b"; expected OWNER\/NAME.*Next: /s,
    );
  });

  it("takes a GITHUB_API_URL that is empty for GitHub's own", () => {
    assert.doesNotThrow(read(environmentOf("")));
  });

  it("does not show a token that no request can carry", () => {
    assert.throws(read({ ...environmentOf(""), GITHUB_TOKEN: `${token}\n${token}` }), (error: Error) => {
      assert.match(error.message, /GITHUB_TOKEN: got \[redacted\]; expected a token/);
      assert.doesNotMatch(error.message, /ghs_/);
      return true;
    });
  });

  const says = {
    comment: {
      right: /may not write comments here \(403: no\); the comment was not posted\nNext: .*pull-requests: write/,
      thing: /there is no pull request 123 in huggingface\/datasets-server, .*\nNext: compare PR and GITHUB_REPOSITORY/,
    },
    issue: {
      right: /may not write issues here \(403: no\); the issue was not written\nNext: .*issues: write/,
      thing: /there is no repository huggingface\/datasets-server, .*\nNext: look at GITHUB_REPOSITORY/,
    },
    pullRequests: {
      right: /may not list pull requests here \(403: no\); nothing was listed\nNext: .*pull-requests: read/,
      thing: /there is no repository huggingface\/datasets-server, .*\nNext: look at GITHUB_REPOSITORY/,
    },
  } as const satisfies Readonly<Record<keyof typeof users, object>>;

  for (const use of ["comment", "issue", "pullRequests"] as const) {
    describe(`says what to do next, as ${use}`, () => {
      let server: HttpServer;
      let answer: Answer;

      beforeEach(async () => {
        server = await startHttpServer(() => answer);
      });
      afterEach(() => server.stop());

      const refusal = (status: number, headers = {}) => ({ status, headers, body: { message: "no" } });
      const refusals: readonly (readonly [string, Answer, RegExp])[] = [
        ["a token that is not valid", refusal(401), /does not take GITHUB_TOKEN \(401: no\).*\nNext: /],
        ["a token without the right", refusal(403), says[use].right],
        ["nothing there that the token may see", refusal(404), says[use].thing],
        [
          "a limit",
          refusal(403, { "retry-after": "60" }),
          /takes no more requests of this token.*\nNext: again in 60 s/,
        ],
        ["a fault of GitHub's", refusal(502), /did not take the request \(502: no\)\nNext: again/],
      ];
      for (const [what, refused, message] of refusals) {
        it(what, async () => {
          answer = refused;
          await assert.rejects(users[use](environmentOf(server.url)), message);
        });
      }

      it("no answer", async () => {
        await server.stop();
        await assert.rejects(
          users[use](environmentOf(server.url)),
          /^http:\/\/127\.0\.0\.1:\d+ did not answer \(connect ECONNREFUSED.*\nNext: see whether this machine reaches/,
        );
      });
    });
  }
});
