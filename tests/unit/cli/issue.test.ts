import assert from "node:assert/strict";
import { driftMarkdown } from "../../../cli/drift";
import { issueOf, reportIssue } from "../../../cli/issue";
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
  const run = "https://github.test/huggingface/datasets-server/actions/runs/4711";
  const report = (text: string, more: { readonly run?: string } = {}) =>
    reportIssue(gitHubRepository(environmentOf(server.url), { use: "issue" }), { about, text, ...more });

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

  describe("with a text that is longer than GitHub takes", () => {
    const drift = (objects: number) =>
      driftMarkdown(
        "prod",
        Array.from({ length: objects }, (_, index) => ({
          object: `Deployment datasets-server-prod-worker-${index}`,
          field: "spec.template.spec.containers[0].resources",
          what: `changed by kubectl-edit, run ${index}`,
          undo: `kubectl apply --filename object-${index}.yaml`,
        })),
      );

    it("keeps summary, run, the first rows and the first commands, whole, and says how much is left out and where all of it is", async () => {
      await report(drift(900), { run });
      const body = issues[1]?.body ?? "";
      const [first, second, , notice] = body.split("\n");
      assert.ok(body.length <= longest && body.length > longest / 2, String(body.length));
      assert.deepEqual([first, second], [marker, `Run: ${run}`]);
      const rows = body.split("\n").filter((line) => line.startsWith("| `Deployment"));
      const commands = body.split("\n").filter((line) => line.startsWith("  kubectl apply"));
      assert.ok(rows.length > 100 && commands.length > 100, body);
      for (const row of rows) assert.match(row, /^\| `Deployment .*` \| `spec.*` \| `changed.*` \|$/);
      for (const command of commands) assert.match(command, /^ {2}kubectl apply --filename object-\d+\.yaml$/);
      const left = 900 - rows.length + 900 - commands.length;
      assert.equal(
        notice,
        `**Cut to the 65,536 characters that GitHub takes: ${left.toLocaleString("en")} lines are left out.** All of it is in the log of that run.`,
      );
      assert.match(body, /\nObjects of stack prod are no longer as they were deployed/);
      assert.ok(body.includes(`${rows.at(-1)}\n\n… ${900 - rows.length} more lines\n\n\`\`\`\nto undo:`));
      assert.ok(
        body.endsWith(`${commands.at(-1)}\n\`\`\`\n\n… ${900 - commands.length} more lines\n`),
        body.slice(-200),
      );
    });

    it("keeps the first of very many sections", async () => {
      await report(Array.from({ length: 9_000 }, (_, index) => `## Section ${index}\n\nfound`).join("\n\n"), { run });
      const body = issues[1]?.body ?? "";
      assert.ok(body.length <= longest, String(body.length));
      assert.match(body, /lines are left out\..*\n\n## Section 0\n\nfound\n\n## Section 1\n/);
    });

    it("keeps the beginning of one line, and closes a fence of any length and language", async () => {
      await report("x".repeat(longest));
      assert.match(issues[1]?.body ?? "", /\nx{30000,}…/);
      await report(["````yaml", ...Array.from({ length: 9_000 }, () => "```: value"), "````", ""].join("\n"));
      const fences = issues[1]?.body.split("\n").filter((line) => line.startsWith("````"));
      assert.deepEqual(fences, ["````yaml", "````"]);
    });

    it("shows no part of a credential that the cut would have split", async () => {
      const secret = ["ghp", "0123456789abcdef".repeat(2)].join("_");
      for (const length of [longest - 20, 60_000, 65_000]) {
        await report(`${"x".repeat(length)} ${secret} ${"y".repeat(9_000)}`);
        assert.doesNotMatch(issues[1]?.body ?? "", /ghp_/);
      }
    });
  });

  it("names the run of a workflow first", async () => {
    await report("found", { run });
    assert.equal(issues[1]?.body, `${marker}\nRun: ${run}\n\nfound`);
  });

  it("is about the run of a workflow that failed", async () => {
    const variables = {
      GITHUB_SERVER_URL: "https://github.test",
      GITHUB_REPOSITORY: "somebody/something",
      GITHUB_RUN_ID: "4711",
      GITHUB_WORKFLOW: "sweep",
    };
    assert.deepEqual(await issueOf(undefined, variables), {
      text: "Workflow sweep failed.\n",
      run: "https://github.test/somebody/something/actions/runs/4711",
    });
    assert.deepEqual(await issueOf(undefined, {}), { text: "Workflow unknown failed.\n" });
  });
});
