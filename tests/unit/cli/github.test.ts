import assert from "node:assert/strict";
import { reportIssue } from "../../../cli/issue";
import { type GitHubLimits, gitHubRepository, openPullRequests } from "../../../cli/lib/github";
import { marker } from "../../../cli/review/markdown";
import { postComment } from "../../../cli/review/post";
import { environmentOf, pullRequest, quick, repository, startGitHub, token } from "../../support/github";
import { type Answer, type HttpServer, startHttpServer } from "../../support/httpServer";

/** Whatever speaks to GitHub, by what it is for. */
const users = {
  comment: (environment: NodeJS.ProcessEnv) =>
    postComment({ pullRequest, repository: gitHubRepository(environment, { use: "comment" }, quick) }, marker),
  issue: (environment: NodeJS.ProcessEnv) =>
    reportIssue(gitHubRepository(environment, { use: "issue" }, quick), { about: "drift", text: "found" }),
  pullRequests: (environment: NodeJS.ProcessEnv, limits: Partial<GitHubLimits> = {}) =>
    openPullRequests(gitHubRepository(environment, { use: "pullRequests" }, { ...quick, ...limits })),
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
      right: /may not write comments here .*; the comment was not posted\nNext: .*pull-requests: write/,
      address: `GET URL/repos/${repository}/issues/${pullRequest}/comments`,
    },
    issue: {
      right: /may not write issues here .*; the issue was not written\nNext: .*issues: write/,
      address: `GET URL/repos/${repository}/issues`,
    },
    pullRequests: {
      right: /may not list pull requests here .*; nothing was listed\nNext: .*pull-requests: read/,
      address: `GET URL/repos/${repository}/pulls`,
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
        ["a token that is not valid", refusal(401), /does not take GITHUB_TOKEN \(401: no; .*\nNext: /],
        ["a token without the right", refusal(403), says[use].right],
        [
          "nothing there that the token may see",
          refusal(404),
          /there is no such thing, or GITHUB_TOKEN may not see it .*\nNext: .*GITHUB_REPOSITORY/,
        ],
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
          await assert.rejects(users[use](environmentOf(server.url)), (error: unknown) => {
            assert.match(String(error), message);
            assert.ok(String(error).includes(says[use].address.replace("URL", server.url)), String(error));
            assert.doesNotMatch(String(error), /ghs_/);
            return true;
          });
        });
      }

      it("no answer", async () => {
        await server.stop();
        await assert.rejects(
          users[use](environmentOf(server.url)),
          /^GET http:\/\/127\.0\.0\.1:\d+\/repos\/.* did not answer \(connect ECONNREFUSED.*\nNext: see whether this machine reaches/,
        );
      });
    });
  }
});

describe("an answer of GitHub's that fails", () => {
  let server: HttpServer;
  let requests: string[];
  let answers: (Answer | undefined)[];
  const failed = (status: number, headers = {}): Answer => ({ status, headers, body: { message: "no" } });
  const list: Answer = { body: [{ number: 7 }] };

  beforeEach(async () => {
    requests = [];
    server = await startHttpServer(({ method, path }) => {
      requests.push(`${method} ${path.split("?")[0]}`);
      return answers.length > 1 ? answers.shift() : answers[0];
    });
  });
  afterEach(() => server.stop());

  const passing: Readonly<Record<string, Answer | undefined>> = {
    "502": failed(502),
    "503": failed(503),
    "504": failed(504),
    "none at all": undefined,
    "one that a proxy made up": { body: "<html>busy</html>" },
    "one of nothing": { body: null },
    "a limit that ends soon": failed(429, { "retry-after": "0" }),
    "a limit that has ended by now": failed(403, { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1" }),
  };
  for (const [what, answer] of Object.entries(passing)) {
    it(`is asked for again when it was ${what}`, async () => {
      answers = [answer, answer, list];
      assert.deepEqual(await users.pullRequests(environmentOf(server.url)), [7]);
      assert.equal(requests.length, 3);
    });
  }

  it("is asked for four times at most", async () => {
    answers = [failed(502)];
    await assert.rejects(users.pullRequests(environmentOf(server.url)), /did not take the request \(502: no\)/);
    assert.equal(requests.length, 4);
  });

  it("is not waited for longer than a request may take", async () => {
    answers = [undefined];
    await assert.rejects(
      users.pullRequests(environmentOf(server.url), { answerMs: 20 }),
      /^GET .*\/pulls did not answer \(no answer within 0\.02 s\)\nNext: /,
    );
  });

  for (const [what, answer] of Object.entries({
    "a limit that lasts longer than a run waits": failed(429, { "retry-after": "60" }),
    "a limit of which GitHub does not say how long": failed(429),
    "a token that is not valid": failed(401),
    "something that is not there": failed(404),
  })) {
    it(`is final when it is ${what}`, async () => {
      answers = [answer];
      await assert.rejects(users.pullRequests(environmentOf(server.url)));
      assert.equal(requests.length, 1);
    });
  }

  it("is final when no machine has the name in GITHUB_API_URL", async () => {
    // No name server is asked for a name that long.
    const name = `${"x".repeat(64)}.invalid`;
    const waits = { waitsMs: [60_000], totalMs: 120_000 };
    await assert.rejects(
      users.pullRequests(environmentOf(`http://${name}`), waits),
      /^GET http:\/\/x+\.invalid\/.* did not answer \(getaddrinfo ENOTFOUND/,
    );
  });

  it("is named, with what to do, when it has another form", async () => {
    answers = [{ body: [{ id: 7 }] }];
    await assert.rejects(
      users.pullRequests(environmentOf(server.url)),
      /^GET http:.*\/pulls answered in a form that is not known \(0\.number: .*\)\nNext: /,
    );
  });
});

describe("an account that GitHub does not tell", () => {
  const answers: Readonly<Record<string, readonly [body: object, says: RegExp]>> = {
    "with an error in its answer": [
      { errors: [{ message: "Something went wrong" }] },
      /^POST http:.*\/graphql: .*\n.*Something went wrong/,
    ],
    "in another form": [{ data: { viewer: null } }, /^POST http:.*\/graphql answered in a form that is not known/],
  };
  for (const [how, [body, message]] of Object.entries(answers)) {
    it(`is an error that names the request, ${how}`, async () => {
      const server = await startHttpServer(() => ({ body }));
      const { login } = gitHubRepository(environmentOf(server.url), { use: "comment" }, quick);
      await assert.rejects(login(), { name: "UserError", message });
      await server.stop();
    });
  }
});

describe("a write whose answer got lost", () => {
  const lost: Readonly<Record<string, Answer | undefined>> = {
    "in a 502": { status: 502, body: { message: "Server Error" } },
    "in silence": undefined,
  };
  for (const [how, answer] of Object.entries(lost)) {
    for (const wasWritten of [true, false]) {
      it(`${how} is not made twice when GitHub has${wasWritten ? "" : " not"} made it`, async () => {
        const gitHub = await startGitHub();
        gitHub.loseWrites(1, { answer, wasWritten });
        const repository = gitHubRepository(environmentOf(gitHub.url), { use: "comment" }, quick);
        const { did } = await postComment({ pullRequest, repository }, marker);
        await gitHub.stop();
        assert.equal(did, wasWritten ? "edited" : "created");
        assert.deepEqual(
          gitHub.comments.map(({ body }) => body),
          [marker],
        );
        const looks = gitHub.requests.filter((request) => request.startsWith("GET"));
        assert.equal(looks.length, 2);
      });
    }
  }

  it("fails when it stays so, after a look before each further try", async () => {
    const gitHub = await startGitHub();
    gitHub.loseWrites(Infinity, { answer: { status: 502, body: { message: "no" } }, wasWritten: false });
    await assert.rejects(
      users.comment(environmentOf(gitHub.url)),
      /^POST .*\/comments did not take the request \(502: no\)/,
    );
    await gitHub.stop();
    assert.deepEqual(
      gitHub.requests.map((request) => request.split(" ")[0]),
      ["GET", "POST", "GET", "POST", "GET", "POST", "GET", "POST"],
    );
  });

  it("opens no second issue", async () => {
    const issues: object[] = [];
    const server = await startHttpServer(({ method, body }) => {
      if (method === "GET") return { body: issues };
      const issue = { ...JSON.parse(body), number: 5, html_url: "https://github.test/5" };
      if (method === "PATCH") return { body: issue };
      issues.push(issue);
      return undefined;
    });
    assert.equal(await users.issue(environmentOf(server.url)), "https://github.test/5");
    await server.stop();
    assert.equal(issues.length, 1);
  });
});
