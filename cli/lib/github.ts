import { setTimeout } from "node:timers/promises";
import { Octokit } from "@octokit/core";
import { paginateRest } from "@octokit/plugin-paginate-rest";
import { RequestError } from "@octokit/request-error";
import { z } from "zod";
import { errorText, UserError } from "../../cluster/userError";
import type { ConfigIssue } from "../../config/issues";
import { redact } from "../../safety/redaction";

const Client = Octokit.plugin(paginateRest);

/**
 * One repository on GitHub. Each request has a time limit; what only reads is sent again when GitHub fails for a moment; an answer
 * is used only in the form that is expected; and every error names the request and what to do next.
 */
export interface GitHubRepository {
  /** OWNER/NAME. */
  readonly name: string;
  /** Sends a request, such as `GET /repos/{owner}/{repo}/pulls/{pull_number}`, and returns its answer. Owner and repo are filled in. */
  request<T>(route: string, parameters: Readonly<Record<string, unknown>>, form: z.ZodType<T>): Promise<T>;
  /** Returns all elements of the list at a path, from every page. */
  list<T>(path: string, parameters: Readonly<Record<string, unknown>>, element: z.ZodType<T>): Promise<T[]>;
  /** Returns the account that the token belongs to. */
  login(): Promise<string>;
  /**
   * Runs a function that looks at what is there and then writes, and runs the whole again when nobody knows whether the write
   * was made: the next look tells.
   */
  lookThenWrite<T>(attempt: () => Promise<T>): Promise<T>;
}

/** How long requests may take; milliseconds. */
export interface GitHubLimits {
  /** Until the whole of one answer. */
  readonly answerMs: number;
  /** Before each further try, where GitHub does not say when. */
  readonly waitsMs: readonly number[];
  /** From the first try until the last one begins. */
  readonly totalMs: number;
}

const defaultLimits: GitHubLimits = { answerMs: 15_000, waitsMs: [1_000, 4_000, 10_000], totalMs: 90_000 };

export interface GitHubRequest {
  readonly use: Use;
  /** What is wrong with the caller's own values, to be told with what is wrong with the environment's. Default: nothing. */
  readonly issues?: readonly ConfigIssue[];
}

/** What a command wants of GitHub. */
type Use = "comment" | "deployments" | "issue" | "lastCommit" | "promotion" | "pullRequests" | "settings";

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
  deployments: { to: "write deployments", permission: "deployments: write", outcome: "nothing was shown there" },
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

/** What to do about a fault of GitHub's. */
const later = "again, and if it stays so: https://www.githubstatus.com";

const pullRequestPath = "GET /repos/{owner}/{repo}/pulls/{pull_number}";

/** Returns the last commit of a pull request. */
export async function lastCommit(repository: GitHubRepository, pullRequest: number): Promise<string> {
  const form = z.object({ head: z.object({ sha: z.string() }) });
  return (await repository.request(pullRequestPath, { pull_number: pullRequest }, form)).head.sha;
}

/**
 * Returns whether a pull request is open or closed.
 *
 * @throws when GitHub does not say so, as where it knows none of that number
 */
export async function pullRequestState(repository: GitHubRepository, pullRequest: number): Promise<"open" | "closed"> {
  const form = z.object({ state: z.enum(["open", "closed"]) });
  return (await repository.request(pullRequestPath, { pull_number: pullRequest }, form)).state;
}

/** Returns the numbers of the repository's open pull requests. */
export async function openPullRequests(repository: GitHubRepository): Promise<number[]> {
  const open = { state: "open", per_page: 100 };
  const found = await repository.list("/repos/{owner}/{repo}/pulls", open, z.object({ number: z.number() }));
  return found.map(({ number }) => number);
}

/**
 * Returns the repository that environment variables name, as GitHub sets them for a workflow: GITHUB_REPOSITORY and GITHUB_TOKEN, and
 * GITHUB_API_URL where it is not https://api.github.com. One that is empty counts as one that is not there.
 *
 * @throws an error that names all that is missing or wrong, and never the token
 */
export function gitHubRepository(
  environment: NodeJS.ProcessEnv,
  request: GitHubRequest,
  limits: GitHubLimits = defaultLimits,
): GitHubRepository {
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
  const [owner = "", repo = ""] = data.GITHUB_REPOSITORY.split("/");
  const api = data.GITHUB_API_URL.replace(/\/+$/, "");
  const client = new Client({
    auth: data.GITHUB_TOKEN,
    baseUrl: api,
    request: {
      fetch: (url: string, init: RequestInit) => fetch(url, { ...init, signal: AbortSignal.timeout(limits.answerMs) }),
    },
  });
  client.hook.wrap("request", (send, options) => {
    const attempt = async () => {
      const answer = await send(options);
      // All that is asked for here is JSON: anything else broke off on its way, or is of a proxy.
      if (typeof answer.data === "object" && answer.data !== null) return answer;
      const request = { ...options, url: answer.url };
      throw new RequestError("the answer is no JSON, or broke off", answer.status, { request });
    };
    return isRead(options) ? repeated(attempt, limits, isRead) : attempt();
  });
  // Whatever is posted is redacted here, by whichever command.
  client.hook.before("request", (options) => {
    if (typeof options.body === "string") options.body = redact(options.body);
  });
  client.hook.error("request", (error) => {
    throw error instanceof RequestError ? explained(error, request.use, limits) : error;
  });
  return {
    name: data.GITHUB_REPOSITORY,
    request: async (route, parameters, form) => {
      const { data, url } = await client.request(route, { owner, repo, ...parameters });
      return inForm(form, data, `${route.split(" ")[0]} ${url}`);
    },
    list: (path, parameters, element) =>
      client.paginate({ method: "GET", url: path, owner, repo, ...parameters }, ({ data, url }) =>
        inForm(z.array(element), data, `GET ${url}`),
      ),
    login: async () => {
      const address = `POST ${api}/graphql`;
      const form = z.object({ viewer: z.object({ login: z.string() }) });
      const answer = await client.graphql("{ viewer { login } }").catch((error: unknown) => {
        throw error instanceof UserError ? error : new UserError(`${address}: ${errorText(error)}`, later);
      });
      return inForm(form, answer, address).viewer.login;
    },
    lookThenWrite: (attempt) => repeated(attempt, limits, (failed) => !isRead(failed)),
  };
}

/** Returns an answer in the form that is expected. */
function inForm<T>(form: z.ZodType<T>, data: unknown, address: string): T {
  const { success, data: answer, error } = form.safeParse(data);
  if (success) return answer;
  const [{ path, message } = { path: [], message: "" }] = error.issues;
  throw new UserError(
    `${withoutQuery(address)} answered in a form that is not known (${path.join(".")}: ${message})`,
    `see whether GITHUB_API_URL is GitHub's, then ${later}`,
  );
}

interface Sent {
  readonly method: string;
  readonly url: string;
}

/** Returns whether a request changes nothing. GraphQL is only asked. */
function isRead({ method, url }: Sent): boolean {
  return method === "GET" || url.endsWith("/graphql");
}

/** Runs a function again, after a wait, while a request of this kind failed in a way that passes. */
async function repeated<T>(
  attempt: () => Promise<T>,
  { waitsMs, totalMs }: GitHubLimits,
  isOfKind: (failed: Sent) => boolean,
): Promise<T> {
  const end = Date.now() + totalMs;
  for (const usualMs of waitsMs) {
    try {
      return await attempt();
    } catch (error) {
      const failure = requestErrorOf(error);
      const waitMs = failure && isOfKind(failure.request) ? waitBeforeNext(failure, usualMs) : Infinity;
      if (failure === undefined || Date.now() + waitMs > end) throw error;
      // Of a shorter wait nobody wonders.
      if (waitMs >= 1_000) console.error(`${addressOf(failure)}: ${failure.message}; again in ${waitMs / 1_000} s`);
      await setTimeout(waitMs);
    }
  }
  return attempt();
}

/** Returns the answer, or the lack of one, that an error came of; undefined for any other error. */
export function requestErrorOf(error: unknown): RequestError | undefined {
  const cause = error instanceof UserError ? error.cause : error;
  return cause instanceof RequestError ? cause : undefined;
}

/** Returns whether there is no machine of that name, which no wait changes. */
function isUnknownName(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && "code" in cause && cause.code === "ENOTFOUND";
}

/** Returns how long to wait before a request is sent again; milliseconds, Infinity where that would not help. */
function waitBeforeNext({ status, response, cause }: RequestError, usualMs: number): number {
  if (response === undefined) return isUnknownName(cause) ? Infinity : usualMs;
  const { "retry-after": seconds, "x-ratelimit-reset": reset } = response.headers;
  if (isLimit(status, response.headers)) {
    if (seconds !== undefined) return Number(seconds) * 1000;
    return reset === undefined ? Infinity : Math.max(usualMs, Number(reset) * 1000 - Date.now());
  }
  return [502, 503, 504].includes(status) ? usualMs : Infinity;
}

function variableIssues(error: z.ZodError, values: ReadonlyMap<string, string | undefined>): ConfigIssue[] {
  return error.issues.map(({ path, message }) => {
    const key = path.join(".");
    if (!values.has(key)) return { key, message: `missing; expected ${message}` };
    const shown = key === "GITHUB_TOKEN" ? "[redacted]" : JSON.stringify(values.get(key));
    return { key, message: `got ${shown}; expected ${message}` };
  });
}

/** Returns method and address of a request, without its query. */
function addressOf({ request: { method, url } }: RequestError): string {
  return withoutQuery(`${method} ${url}`);
}

function withoutQuery(address: string): string {
  return address.replace(/\?.*$/, "");
}

/** Returns what GitHub's answer, or that there is none, means, and what to do next. */
function explained(error: RequestError, use: Use, { answerMs }: GitHubLimits): UserError {
  const { status, response, message, cause } = error;
  const { to, permission, outcome } = uses[use];
  const reason = message.split("\n", 1).join("");
  const address = addressOf(error);
  const failed = (text: string, next: string) => new UserError(text, next, { cause: error });
  if (response === undefined) {
    const isOver = cause instanceof Error && cause.name === "TimeoutError";
    const why = isOver ? `no answer within ${answerMs / 1000} s` : reason;
    return failed(`${address} did not answer (${why})`, "see whether this machine reaches that address, then again");
  }
  const refused = (what: string, next: string) =>
    failed(`${what} (${status}: ${reason}; ${address}); ${outcome}`, next);
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
    return refused(
      "there is no such thing, or GITHUB_TOKEN may not see it",
      "compare the number and GITHUB_REPOSITORY; a token of a person needs the permission to read the repository",
    );
  }
  return failed(`${address} did not take the request (${status}: ${reason})`, later);
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
