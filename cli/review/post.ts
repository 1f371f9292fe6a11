import { readFile } from "node:fs/promises";
import { z } from "zod";
import { UserError } from "../../cluster/userError";
import { numberIssues } from "../environments/input";
import { type GitHubRepository, gitHubRepository, lastCommit } from "../lib/github";
import { marker, mostCharacters, outdated, reviewedCommit } from "./markdown";

/** Which pull request, of which repository. */
export interface Target {
  readonly pullRequest: number;
  readonly repository: GitHubRepository;
}

/**
 * The target by its number, in the repository that environment variables name, as GitHub sets them for a workflow.
 *
 * @throws an error that names every value that is missing or wrong, and never the token
 */
export function targetOf(pullRequest: string, environment: NodeJS.ProcessEnv): Target {
  const issues = numberIssues("--pr", pullRequest);
  const repository = gitHubRepository(environment, { use: "comment", issues });
  return { pullRequest: Number(pullRequest), repository };
}

/**
 * Posts what `review` has written to a file, or edits the comment that is there.
 *
 * @throws with the next step when the file, the environment or GitHub does not let it
 */
export async function postReview(pullRequest: string, file: string, environment: NodeJS.ProcessEnv): Promise<void> {
  const target = targetOf(pullRequest, environment);
  const body = await readFile(file, "utf8").catch((error: Error) => {
    throw new UserError(
      `cannot read the comment, and nothing was posted: ${error.message}`,
      `ds review STACK... --out ${file}`,
    );
  });
  const { did, address } = await postComment(target, body);
  console.log(`${did} ${address}`);
}

/**
 * Has the comment that is there say that a newer commit was pushed, where one was: until that is reviewed, it is what people read.
 *
 * @throws with the next step when the environment or GitHub does not let it
 */
export async function outdateReview(pullRequest: string, environment: NodeJS.ProcessEnv): Promise<void> {
  const target = targetOf(pullRequest, environment);
  const edited = await target.repository.lookThenWrite(async () => {
    const there = await findComment(target);
    const reviewed = reviewedCommit(there?.body ?? "");
    const newest = await lastCommit(target.repository, target.pullRequest);
    if (there === undefined || reviewed === undefined || reviewed === newest) return undefined;
    return edit(target, there.id, outdated(there.body, newest));
  });
  console.log(edited === undefined ? "no comment is outdated" : `outdated ${edited}`);
}

export interface Posted {
  readonly did: "created" | "edited" | "kept";
  readonly address: string;
}

/**
 * Makes `body` the pull request's one comment of this kind: the one that is there is edited, wherever among the others it is.
 * A body about a commit that is not the last one any more says so, and does not replace one about the last.
 *
 * @throws with the next step when GitHub refuses or does not answer
 */
export async function postComment(target: Target, body: string): Promise<Posted> {
  if (!body.startsWith(marker) || body.length > mostCharacters) {
    throw new UserError(`this is no comment that \`ds review\` has written, and nothing was posted`, "ds review");
  }
  return target.repository.lookThenWrite(() => replaceComment(target, body));
}

async function replaceComment(target: Target, body: string): Promise<Posted> {
  const there = await findComment(target);
  const reviewed = reviewedCommit(body);
  const newest = reviewed === undefined ? undefined : await lastCommit(target.repository, target.pullRequest);
  const isOutdated = newest !== undefined && reviewed !== newest;
  if (there && isOutdated && reviewedCommit(there.body) === newest) return { did: "kept", address: there.address };
  const text = isOutdated ? outdated(body, newest) : body;
  if (there) return { did: "edited", address: await edit(target, there.id, text) };
  const comment = { issue_number: target.pullRequest, body: text };
  const { html_url } = await target.repository.request(`POST ${commentsPath}`, comment, address);
  return { did: "created", address: html_url };
}

const commentsPath = "/repos/{owner}/{repo}/issues/{issue_number}/comments";

const address = z.object({ html_url: z.string() });

const comment = address.extend({
  id: z.number(),
  body: z.string().nullish(),
  user: z.object({ login: z.string() }).nullish(),
});

async function edit({ repository }: Target, id: number, body: string): Promise<string> {
  const edited = { comment_id: id, body };
  const path = "PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}";
  return (await repository.request(path, edited, address)).html_url;
}

interface Comment {
  readonly id: number;
  readonly body: string;
  readonly address: string;
}

/** Others can write a comment that begins like ours, and could change it afterwards: it counts only if it is our own. */
async function findComment({ pullRequest, repository }: Target): Promise<Comment | undefined> {
  const all = await repository.list(commentsPath, { issue_number: pullRequest, per_page: 100 }, comment);
  const marked = all.filter(({ body }) => body?.startsWith(marker));
  if (marked.length === 0) return undefined;
  const own = account(await repository.login());
  const ours = marked.find(({ user }) => account(user?.login) === own);
  return ours && { id: ours.id, body: ours.body ?? "", address: ours.html_url };
}

/** The two APIs do not agree on whether the name of an app ends with [bot]. */
function account(login: string | undefined): string | undefined {
  return login?.replace(/\[bot\]$/, "");
}
