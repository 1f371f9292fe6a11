import { readFile } from "node:fs/promises";
import { Octokit } from "@octokit/core";
import { paginateRest } from "@octokit/plugin-paginate-rest";
import { RequestError } from "@octokit/request-error";
import { z } from "zod";
import { identifyStack } from "../../config/stacks";
import { marker, mostCharacters } from "./markdown";

/** Which pull request, and with what rights. */
export interface Target {
  readonly pullRequest: number;
  readonly repository: { readonly owner: string; readonly repo: string };
  /** A token that may write comments of pull requests. */
  readonly token: string;
  /** The API's address. */
  readonly api: string;
}

const environmentVariables = z.object({
  GITHUB_TOKEN: z.string("a token that may write comments of pull requests").min(1, "a token, and it is empty"),
  GITHUB_REPOSITORY: z
    .string("the repository, such as huggingface/datasets-server")
    .regex(/^[\w.-]+\/[\w.-]+$/, "owner/name, such as huggingface/datasets-server"),
  GITHUB_API_URL: z
    .url({ protocol: /^https?$/, error: "an address, such as https://api.github.com" })
    .default("https://api.github.com"),
});

/**
 * The target that environment variables name, as GitHub sets them for a workflow.
 *
 * @throws an error that names every variable that is missing or wrong, and no value of the token
 */
export function targetOf(pullRequest: string, environment: NodeJS.ProcessEnv): Target {
  const parsed = environmentVariables.safeParse(environment);
  const faults = [
    ...(identifyStack(`pr-${pullRequest}`)?.kind === "pr-N"
      ? []
      : [`PR=${pullRequest}; allowed: the number of a pull request, such as 123`]),
    ...(parsed.error?.issues ?? []).map(({ path, message }) => `${path.join(".")}; allowed: ${message}`),
  ];
  if (!parsed.success || faults.length > 0) {
    throw new Error(`nothing was posted; wrong or missing:\n${faults.map((fault) => `- ${fault}`).join("\n")}`);
  }
  const { GITHUB_TOKEN: token, GITHUB_REPOSITORY, GITHUB_API_URL: api } = parsed.data;
  const [owner = "", repo = ""] = GITHUB_REPOSITORY.split("/");
  return { pullRequest: Number(pullRequest), repository: { owner, repo }, token, api };
}

/**
 * Posts what `review` has written to a file, or edits the comment that is there.
 *
 * @throws with the next step when the file, the environment or GitHub does not let it
 */
export async function postReview(pullRequest: string, file: string, environment: NodeJS.ProcessEnv): Promise<void> {
  const target = targetOf(pullRequest, environment);
  const body = await readFile(file, "utf8").catch((error: Error) => {
    throw new Error(`cannot read the comment, and nothing was posted: ${error.message}\nNext: make review OUT=${file}`);
  });
  const { did, address } = await postComment(target, body);
  console.log(`${did} ${address}`);
}

export interface Posted {
  readonly did: "created" | "edited";
  readonly address: string;
}

/**
 * Makes `body` the pull request's one comment of this kind: the one that is there is edited, wherever among the others it is.
 *
 * @throws with the next step when GitHub refuses or does not answer
 */
export async function postComment(target: Target, body: string): Promise<Posted> {
  if (!body.startsWith(marker) || body.length > mostCharacters) {
    throw new Error(`this is no comment that \`make review\` has written, and nothing was posted.\nNext: make review`);
  }
  const { repository, pullRequest, token, api } = target;
  const client = new (Octokit.plugin(paginateRest))({ auth: token, baseUrl: api.replace(/\/+$/, "") });
  try {
    const id = await findComment(client, target);
    const { data } =
      id === undefined
        ? await client.request("POST /repos/{owner}/{repo}/issues/{issue_number}/comments", {
            ...repository,
            issue_number: pullRequest,
            body,
          })
        : await client.request("PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}", {
            ...repository,
            comment_id: id,
            body,
          });
    return { did: id === undefined ? "created" : "edited", address: data.html_url };
  } catch (error) {
    throw explain(error, target);
  }
}

type Client = Octokit & ReturnType<typeof paginateRest>;

/** Anybody can write a comment that begins like ours, and could change it afterwards: it counts only if it is our own. */
async function findComment(client: Client, { repository, pullRequest }: Target): Promise<number | undefined> {
  const { viewer } = await client.graphql<{ viewer: { login: string } }>("{ viewer { login } }");
  const pages = client.paginate.iterator("GET /repos/{owner}/{repo}/issues/{issue_number}/comments", {
    ...repository,
    issue_number: pullRequest,
    per_page: 100,
  });
  for await (const { data: comments } of pages) {
    const ours = comments.find(
      ({ body, user }) => body?.startsWith(marker) && account(user?.login) === account(viewer.login),
    );
    if (ours !== undefined) return ours.id;
  }
  return undefined;
}

/** The two APIs do not agree on whether the name of an app ends with [bot]. */
function account(login: string | undefined): string | undefined {
  return login?.replace(/\[bot\]$/, "");
}

function explain(error: unknown, { pullRequest, repository: { owner, repo }, api }: Target): Error {
  if (!(error instanceof RequestError)) return error instanceof Error ? error : new Error(String(error));
  const headers = error.response?.headers ?? {};
  const isLimit =
    headers["x-ratelimit-remaining"] === "0" || headers["retry-after"] !== undefined || error.status === 429;
  const reason = error.message.split("\n", 1).join("");
  const failed = (what: string, next: string) =>
    new Error(`${what} (${error.status}: ${reason})\nNext: ${next}`, { cause: error });
  if (isLimit && [403, 429].includes(error.status)) {
    return failed(
      "GitHub takes no more requests of this token for now; the comment was not posted",
      `again ${whenAgain(headers)}`,
    );
  }
  const explanations: Readonly<Record<number, readonly [string, string]>> = {
    401: ["GitHub does not take GITHUB_TOKEN", "use one that has not expired; in a workflow, github.token"],
    403: [
      "GITHUB_TOKEN may not write comments here",
      "in a workflow: `permissions: { pull-requests: write }`; a fork's pull request never gets that",
    ],
    404: [
      `there is no pull request ${pullRequest} in ${owner}/${repo}, or GITHUB_TOKEN may not see it`,
      "compare PR and GITHUB_REPOSITORY; a token of a person needs the right to read the repository",
    ],
  };
  const [what, next] = explanations[error.status] ?? [
    `${api} did not take the comment`,
    "again, and if it stays so: https://www.githubstatus.com",
  ];
  return failed(what, next);
}

function whenAgain(headers: Readonly<Record<string, string | number | undefined>>): string {
  const { "retry-after": seconds, "x-ratelimit-reset": reset } = headers;
  if (seconds !== undefined) return `in ${seconds} s`;
  return reset === undefined ? "in some minutes" : `after ${new Date(Number(reset) * 1000).toISOString()}`;
}
