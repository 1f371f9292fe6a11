import { z } from "zod";
import type { GitHubLimits } from "../../cli/lib/github";
import { type Answer, type HttpServer, type Respond, startHttpServer } from "./httpServer";

/** A comment of a pull request, as GitHub's API gives it. */
export interface Comment {
  readonly id: number;
  readonly body: string;
  readonly user: { readonly login: string };
}

/** A server that keeps the comments of one pull request as GitHub's API does, in pages with links to each other. */
export interface GitHub {
  readonly url: string;
  readonly comments: readonly Comment[];
  /** Method and path of each request, in order. */
  readonly requests: readonly string[];
  /** Pushes a commit to the pull request. */
  push(commit: string): void;
  /** Answers every further request with this instead. */
  failWith(answer: Answer): void;
  /** Answers so many further writes with this instead, or never, whether it has made them or not. */
  loseWrites(count: number, lost: { readonly answer: Answer | undefined; readonly wasWritten: boolean }): void;
  stop(): Promise<void>;
}

export const repository = "huggingface/datasets-server";
export const pullRequest = 123;
export const token = "ghs_tokenOfThisTest";

/** Limits with which a test waits for hardly anything. */
export const quick: GitHubLimits = { answerMs: 300, waitsMs: [1, 1, 1], totalMs: 5_000 };
const login = "github-actions";

/** What the API calls the account of the token. */
export const botLogin = `${login}[bot]`;

/** What a workflow on that repository has in its environment, where GitHub is at an address. */
export function environmentOf(address: string): NodeJS.ProcessEnv {
  return { GITHUB_TOKEN: token, GITHUB_REPOSITORY: repository, GITHUB_API_URL: address };
}

const written = z.object({ body: z.string() });

/** What a repository's settings answer, by the path below the repository, as in `/environments/prod`. */
export type Settings = Readonly<Record<string, Answer>>;

export async function startGitHub(first: readonly Comment[] = [], settings: Settings = {}): Promise<GitHub> {
  const comments = [...first];
  const requests: string[] = [];
  let failure: Answer | undefined;
  let losing = 0;
  let lost: Parameters<GitHub["loseWrites"]>[1] | undefined;
  let head = "0".repeat(40);
  const respond: Respond = (request) => {
    const { method, path } = request;
    requests.push(`${method} ${path}`);
    if (failure !== undefined) return failure;
    if (lost === undefined || losing === 0 || method === "GET" || path === "/graphql") return made(request);
    losing -= 1;
    if (lost.wasWritten) made(request);
    return lost.answer;
  };
  const made: Respond = ({ method, path, headers, body }) => {
    if (headers.authorization !== `token ${token}`) return { status: 401, body: { message: "Bad credentials" } };
    if (method === "POST" && path === "/graphql") return { body: { data: { viewer: { login } } } };
    const { pathname, searchParams } = new URL(path, server.url);
    if (pathname === `/repos/${repository}/pulls/${pullRequest}`) return { body: { head: { sha: head } } };
    const setting = settings[pathname.replace(`/repos/${repository}`, "")];
    if (method === "GET" && setting !== undefined) return setting;
    const list = `/repos/${repository}/issues/${pullRequest}/comments`;
    if (method === "GET" && pathname === list) return page(comments, searchParams, server.url + list);
    if (method === "POST" && pathname === list) {
      const made = {
        id: 1000 + comments.length,
        body: written.parse(JSON.parse(body)).body,
        user: { login: botLogin },
      };
      comments.push(made);
      return { status: 201, body: asGiven(made) };
    }
    const at = comments.findIndex(({ id }) => pathname === `/repos/${repository}/issues/comments/${id}`);
    const found = comments[at];
    if (method !== "PATCH" || found === undefined) return { status: 404, body: { message: "Not Found" } };
    const edited = { ...found, body: written.parse(JSON.parse(body)).body };
    comments[at] = edited;
    return { body: asGiven(edited) };
  };
  const server: HttpServer = await startHttpServer(respond);
  return {
    url: server.url,
    comments,
    requests,
    push: (commit) => {
      head = commit;
    },
    failWith: (answer) => {
      failure = answer;
    },
    loseWrites: (count, how) => {
      losing = count;
      lost = how;
    },
    stop: () => server.stop(),
  };
}

function page(comments: readonly Comment[], query: URLSearchParams, address: string): Answer {
  // GitHub gives 30 a page unless asked, and never more than 100.
  const size = Math.min(Number(query.get("per_page") ?? 30), 100);
  const number = Number(query.get("page") ?? 1);
  const last = Math.ceil(comments.length / size);
  const link = (to: number, rel: string) => `<${address}?per_page=${size}&page=${to}>; rel="${rel}"`;
  const links = number < last ? `${link(number + 1, "next")}, ${link(last, "last")}` : link(1, "first");
  return { headers: { link: links }, body: comments.slice((number - 1) * size, number * size).map(asGiven) };
}

function asGiven(comment: Comment) {
  const anchor = `https://github.com/${repository}/pull/${pullRequest}#issuecomment-${comment.id}`;
  return { ...comment, html_url: anchor };
}
