import { Octokit } from "@octokit/core";
import { paginateRest } from "@octokit/plugin-paginate-rest";
import { RequestError } from "@octokit/request-error";
import { z } from "zod";
import { UserError } from "../../cluster/userError";
import type { ConfigIssue } from "../../config/issues";
import { redact } from "../../safety/redaction";

const Client = Octokit.plugin(paginateRest);

/** One repository on GitHub, and a client that may speak to it, whose errors say what to do next. */
export interface GitHubRepository {
  readonly client: InstanceType<typeof Client>;
  readonly owner: string;
  readonly repo: string;
}

export interface GitHubRequest {
  readonly use: Use;
  /** The number of the pull request that it is about. Default: the repository as a whole. */
  readonly pullRequest?: string;
  /** What is wrong with the caller's own values, to be told with what is wrong with the environment's. Default: nothing. */
  readonly issues?: readonly ConfigIssue[];
}

/** What a command wants of GitHub. */
type Use = "comment" | "issue" | "lastCommit" | "promotion" | "pullRequests" | "settings";

interface UseDetails {
  /** What the token must be able to do. */
  readonly to: string;
  /** What gives it that in a workflow. */
  readonly permission: string;
  /** What an error says was not done. */
  readonly outcome: string;
}

const uses: Readonly<Record<Use, UseDetails>> = {
  comment: { to: "write comments", permission: "pull-requests: write", outcome: "the comment was not posted" },
  issue: { to: "write issues", permission: "issues: write", outcome: "the issue was not written" },
  lastCommit: { to: "read pull requests", permission: "pull-requests: read", outcome: "no changes were made" },
  promotion: {
    to: "write branches and pull requests",
    permission: "contents: write, pull-requests: write",
    outcome: "no pull request was opened or changed",
  },
  settings: { to: "read the settings", permission: "actions: read", outcome: "nothing was compared" },
  pullRequests: { to: "list pull requests", permission: "pull-requests: read", outcome: "nothing was listed" },
};

const variables = z.object({
  // What a header cannot hold would be repeated, whole, by the error of the request.
  GITHUB_TOKEN: z.string("a token").regex(/^[!-~]+$/, "a token, without blanks or line breaks"),
  GITHUB_REPOSITORY: z
    .string("OWNER/NAME, such as huggingface/datasets-server")
    .regex(/^[\w.-]+\/[\w.-]+$/, "OWNER/NAME, such as huggingface/datasets-server"),
  GITHUB_API_URL: z
    .url({ protocol: /^https?$/, error: "an address, such as https://api.github.com" })
    .default("https://api.github.com"),
});

/** Returns the last commit of a pull request. */
export async function lastCommit({ client, owner, repo }: GitHubRepository, pullRequest: number): Promise<string> {
  const which = { owner, repo, pull_number: pullRequest };
  const { data } = await client.request("GET /repos/{owner}/{repo}/pulls/{pull_number}", which);
  return data.head.sha;
}

const pullRequestAnswer = z.object({ state: z.enum(["open", "closed"]) });

/**
 * Returns whether a pull request is open or closed.
 *
 * @throws when GitHub does not say so, as where it knows none of that number
 */
export async function pullRequestState({ client, owner, repo }: GitHubRepository, pullRequest: number) {
  const which = { owner, repo, pull_number: pullRequest };
  const { data, url } = await client.request("GET /repos/{owner}/{repo}/pulls/{pull_number}", which);
  const answer = pullRequestAnswer.safeParse(data);
  if (answer.success) return answer.data.state;
  throw new UserError(
    `${url} answered in a form that is not known`,
    "again, and if it stays so: https://www.githubstatus.com",
  );
}

/** Returns the numbers of the repository's open pull requests. */
export async function openPullRequests({ client, owner, repo }: GitHubRepository): Promise<number[]> {
  const open = await client.paginate("GET /repos/{owner}/{repo}/pulls", { owner, repo, state: "open", per_page: 100 });
  return open.map(({ number }) => number);
}

/**
 * Returns the repository that environment variables name, as GitHub sets them for a workflow: GITHUB_REPOSITORY and GITHUB_TOKEN, and
 * GITHUB_API_URL where it is not https://api.github.com. One that is empty counts as one that is not there.
 *
 * @throws an error that names all that is missing or wrong, and never the token
 */
export function gitHubRepository(environment: NodeJS.ProcessEnv, request: GitHubRequest): GitHubRepository {
  const { GITHUB_TOKEN, GITHUB_REPOSITORY, GITHUB_API_URL } = environment;
  const given = Object.entries({ GITHUB_TOKEN, GITHUB_REPOSITORY, GITHUB_API_URL }).filter(([, value]) => value);
  const values = new Map(given);
  const { data, error } = variables.safeParse(Object.fromEntries(values));
  const issues = [...(request.issues ?? []), ...(error ? variableIssues(error, values) : [])];
  if (data === undefined || issues.length > 0) {
    const lines = issues.map(({ key, message }) => `  ${key}: ${message}`);
    const next = "set them as a GitHub workflow has them, see docs/workflows.md";
    throw new UserError(["nothing was sent to GitHub:", ...lines].join("\n"), next);
  }
  const api = data.GITHUB_API_URL.replace(/\/+$/, "");
  const [owner = "", repo = ""] = data.GITHUB_REPOSITORY.split("/");
  const client = new Client({ auth: data.GITHUB_TOKEN, baseUrl: api });
  // Whatever is posted is redacted here, by whichever command.
  client.hook.before("request", (options) => {
    if (typeof options.body === "string") options.body = redact(options.body);
  });
  client.hook.error("request", (error) => {
    throw error instanceof RequestError ? explained(error, request, { api, repository: `${owner}/${repo}` }) : error;
  });
  return { client, owner, repo };
}

function variableIssues(error: z.ZodError, values: ReadonlyMap<string, string | undefined>): ConfigIssue[] {
  return error.issues.map(({ path, message }) => {
    const key = path.join(".");
    if (!values.has(key)) return { key, message: `missing; expected ${message}` };
    const shown = key === "GITHUB_TOKEN" ? "[redacted]" : JSON.stringify(values.get(key));
    return { key, message: `got ${shown}; expected ${message}` };
  });
}

interface Place {
  readonly api: string;
  readonly repository: string;
}

/** Returns what GitHub's answer, or that there is none, means, and what to do next. */
function explained(error: RequestError, { use, pullRequest }: GitHubRequest, { api, repository }: Place): UserError {
  const { status, response, message } = error;
  const { to, permission, outcome } = uses[use];
  const reason = message.split("\n", 1).join("");
  const failed = (text: string, next: string) => new UserError(text, next, { cause: error });
  if (response === undefined) {
    return failed(`${api} did not answer (${reason})`, "see whether this machine reaches that address, then again");
  }
  const refused = (what: string, next: string) => failed(`${what} (${status}: ${reason}); ${outcome}`, next);
  if (isLimit(status, response.headers)) {
    return refused("GitHub takes no more requests of this token for now", `again ${whenAgain(response.headers)}`);
  }
  if (status === 401) {
    return refused("GitHub does not take GITHUB_TOKEN", "use one that has not expired; in a workflow, github.token");
  }
  if (status === 403) {
    return refused(
      `GITHUB_TOKEN may not ${to} here`,
      `in a workflow: \`permissions: { ${permission} }\`; a fork's pull request never gets a permission to write`,
    );
  }
  if (status === 404) {
    const [thing, names] =
      pullRequest === undefined
        ? [`repository ${repository}`, "look at GITHUB_REPOSITORY"]
        : [`pull request ${pullRequest} in ${repository}`, "compare PR and GITHUB_REPOSITORY"];
    return refused(
      `there is no ${thing}, or GITHUB_TOKEN may not see it`,
      `${names}; a token of a person needs the permission to read the repository`,
    );
  }
  return failed(
    `${api} did not take the request (${status}: ${reason})`,
    "again, and if it stays so: https://www.githubstatus.com",
  );
}

type Headers = Readonly<Record<string, string | number | undefined>>;

function isLimit(status: number, headers: Headers): boolean {
  const isReached = headers["x-ratelimit-remaining"] === "0" || headers["retry-after"] !== undefined;
  return status === 429 || (status === 403 && isReached);
}

function whenAgain({ "retry-after": seconds, "x-ratelimit-reset": reset }: Headers): string {
  if (seconds !== undefined) return `in ${seconds} s`;
  return reset === undefined ? "in some minutes" : `after ${new Date(Number(reset) * 1000).toISOString()}`;
}
