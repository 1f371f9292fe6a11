import { readFile } from "node:fs/promises";
import { z } from "zod";
import type { GitHubRepository } from "./lib/github";

export interface IssueArgs {
  /** What the issue is about, such as `drift of stack prod`; also its title. */
  readonly about: string;
  /** Markdown. */
  readonly text: string;
}

/** GitHub takes no longer text; characters. */
const longestBody = 65_536;

/** Tells these issues from others: a label is given only by those who may write to the repository. */
const label = "datasets-server";

const cut = "\n\nThe rest was left out: GitHub takes no longer text.";

const address = z.object({ html_url: z.string() });

const openIssue = z.object({ number: z.number(), pull_request: z.unknown().optional(), body: z.string().nullish() });

/** Makes the one open issue about something say this text: opens it, or changes it where it is open already. Returns its URL. */
export async function reportIssue(repository: GitHubRepository, { about, text }: IssueArgs): Promise<string> {
  const marker = `<!-- datasets-server: ${about} -->`;
  const body = shortened(`${marker}\n${text}`);
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

/** What the issue says: a file's text, or that a workflow's run failed; with the run's address, where there is one. */
export async function issueText(file: string | undefined, environment: NodeJS.ProcessEnv): Promise<string> {
  const { GITHUB_SERVER_URL, GITHUB_REPOSITORY, GITHUB_RUN_ID, GITHUB_WORKFLOW } = environment;
  const run = GITHUB_RUN_ID && `${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}/actions/runs/${GITHUB_RUN_ID}`;
  const text = file === undefined ? `Workflow ${GITHUB_WORKFLOW ?? "unknown"} failed.` : await readFile(file, "utf8");
  return run ? `${text.trimEnd()}\n\nRun: ${run}\n` : text;
}

function shortened(body: string): string {
  return body.length <= longestBody ? body : body.slice(0, longestBody - cut.length) + cut;
}
