import { readFile } from "node:fs/promises";
import { z } from "zod";
import { redact } from "../safety/redaction";
import type { GitHubRepository } from "./lib/github";
import { shortened } from "./review/text";

export interface IssueArgs {
  /** What the issue is about, such as `drift of stack prod`; also its title. */
  readonly about: string;
  /** Markdown. */
  readonly text: string;
  /** The address of the workflow's run that it is of. Default: it is of none. */
  readonly run?: string;
}

/** GitHub takes no longer text; characters. */
const longestBody = 65_536;

/** Tells these issues from others: a label is given only by those who may write to the repository. */
const label = "datasets-server";

/** Room for the words that say what was left out; characters. */
const noticeRoom = 200;

const address = z.object({ html_url: z.string() });

const openIssue = z.object({ number: z.number(), pull_request: z.unknown().optional(), body: z.string().nullish() });

/** Makes the one open issue about something say this text: opens it, or changes it where it is open already. Returns its URL. */
export async function reportIssue(repository: GitHubRepository, { about, text, run }: IssueArgs): Promise<string> {
  const marker = `<!-- datasets-server: ${about} -->`;
  const body = bodyOf(run === undefined ? `${marker}\n` : `${marker}\nRun: ${run}\n\n`, text, run);
  const { html_url } = await repository.lookThenWrite(async () => {
    const labelled = { labels: label, state: "open", per_page: 100 };
    const open = await repository.list("/repos/{owner}/{repo}/issues", labelled, openIssue);
    const known = open.find((issue) => issue.pull_request === undefined && issue.body?.startsWith(marker));
    if (known === undefined) {
      const issue = { title: about, body, labels: [label] };
      return repository.request("POST /repos/{owner}/{repo}/issues", issue, address);
    }
    const changed = { issue_number: known.number, body };
    return repository.request("PATCH /repos/{owner}/{repo}/issues/{issue_number}", changed, address);
  });
  return html_url;
}

/** What the issue says: a file's text, or that a workflow's run failed. */
export async function issueOf(
  file: string | undefined,
  environment: NodeJS.ProcessEnv,
): Promise<Omit<IssueArgs, "about">> {
  const { GITHUB_SERVER_URL, GITHUB_REPOSITORY, GITHUB_RUN_ID, GITHUB_WORKFLOW } = environment;
  const text = file === undefined ? `Workflow ${GITHUB_WORKFLOW ?? "unknown"} failed.\n` : await readFile(file, "utf8");
  const run = `${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}/actions/runs/${GITHUB_RUN_ID}`;
  return { text, ...(GITHUB_RUN_ID && { run }) };
}

/** Cut where GitHub takes no more; first what must stay. Without credentials before that: a cut may leave half of one. */
function bodyOf(head: string, text: string, run: string | undefined): string {
  const harmless = redact(text);
  if (head.length + harmless.length <= longestBody) return head + harmless;
  const { text: kept, left } = shortened(harmless, longestBody - head.length - noticeRoom);
  const whole = run === undefined ? "the output of the command that found it" : "the log of that run";
  const [most, lines] = [longestBody, left].map((count) => count.toLocaleString("en"));
  return `${head}**Cut to the ${most} characters that GitHub takes: ${lines} lines are left out.** All of it is in ${whole}.\n\n${kept}\n`;
}
