import assert from "node:assert/strict";
import { issueText, reportIssue } from "../../../cli/issue";
import { gitHubRepository } from "../../../cli/lib/github";
import { environmentOf, repository } from "../../support/github";
import { type HttpServer, startHttpServer } from "../../support/httpServer";

const about = "drift of stack prod";
const marker = "<!-- datasets-server: drift of stack prod -->";
const longest = 65_536;

interface Issue {
  readonly number: number;
  readonly title: string;
  readonly body: string;
  readonly labels: readonly string[];
  readonly pull_request?: object;
}

/** GitHub's issues of one repository, as far as it takes them. */
async function startGitHub(issues: Issue[]): Promise<HttpServer> {
  const path = `/repos/${repository}/issues`;
  return startHttpServer((request) => {
    const url = new URL(request.path, "http://github.test");
    if (request.method === "GET" && url.pathname === path) {
      const label = url.searchParams.get("labels") ?? "";
      return { body: issues.filter(({ labels }) => labels.includes(label)) };
    }
    const number = Number(url.pathname.split("/").at(-1));
    const index = Number.isNaN(number) ? issues.length : issues.findIndex((issue) => issue.number === number);
    const issue = { number: 100 + index, ...issues[index], ...JSON.parse(request.body) };
    issues[index] = issue;
    return { status: 200, body: { ...issue, html_url: `https://github.test/${issue.number}` } };
  });
}

describe("ds issue", () => {
  let issues: Issue[];
  let server: HttpServer;
  const report = (text: string) =>
    reportIssue(gitHubRepository(environmentOf(server.url), { use: "issue" }), { about, text });

  beforeEach(async () => {
    issues = [{ number: 7, title: "anybody's", body: marker, labels: [] }];
    server = await startGitHub(issues);
  });
  afterEach(() => server.stop());

  it("opens an issue, and changes the same one from then on", async () => {
    assert.equal(await report("first"), "https://github.test/101");
    assert.equal(await report("second"), "https://github.test/101");
    assert.deepEqual(issues[1], { number: 101, title: about, body: `${marker}\nsecond`, labels: ["datasets-server"] });
  });

  it("posts no credential, whoever wrote the text, as nothing that speaks to GitHub does", async () => {
    await report(`failed at https://me:pa55word@host with ${["ghp", "0123456789abcdef"].join("_")}`);
    assert.equal(issues[1]?.body, `${marker}\nfailed at https://[secret]@host with [secret]`);
  });

  it("leaves alone what anybody may have written, and pull requests", async () => {
    issues.push({ number: 8, title: "", body: marker, labels: ["datasets-server"], pull_request: {} });
    await report("found");
    assert.deepEqual(
      issues.map(({ body }) => body),
      [marker, marker, `${marker}\nfound`],
    );
  });

  it("says that the rest was left out where GitHub takes no more", async () => {
    await report("x".repeat(longest));
    assert.equal(issues[1]?.body.length, longest);
    assert.match(issues[1]?.body ?? "", /The rest was left out/);
  });

  it("links the run of a workflow that failed", async () => {
    const text = await issueText(undefined, {
      GITHUB_SERVER_URL: "https://github.test",
      GITHUB_REPOSITORY: "somebody/something",
      GITHUB_RUN_ID: "4711",
      GITHUB_WORKFLOW: "sweep",
    });
    assert.equal(text, "Workflow sweep failed.\n\nRun: https://github.test/somebody/something/actions/runs/4711\n");
  });
});
