import { isScalar, parseDocument } from "yaml";
import { z } from "zod";
import { UserError } from "../cluster/userError";
import { imageTag } from "../config/fields";
import { hideValues } from "../safety/redaction";
import { run } from "../tools/run";
import { type HistoryEntry, readHistory } from "./history";
import { engineFor } from "./lib/engine";
import { originRepository } from "./lib/git";
import { type GitHubRepository, gitHubRepository, requestErrorOf } from "./lib/github";
import { stackFileName } from "./lib/project";
import { smokeOf } from "./smoke";

export interface Promotion {
  readonly stack: "ephemeral" | "prod";
  /** The image tag that the stack gets. */
  readonly tag: string;
}

export interface PromoteOptions {
  /** The image tag for ephemeral. prod gets what ephemeral runs. */
  readonly image?: string;
  /** Whether to check first that ephemeral serves what prod will get. */
  readonly smoke: boolean;
}

/** Where the application's commits are; an image tag is `sha-` and the first digits of one. */
const application = { owner: "huggingface", repo: "dataset-viewer" } as const;

/** How many commits the text of a pull request names. */
const mostCommits = 100;

/**
 * Opens the pull request that gives a stack an image tag, or brings the one that is open up to date, and prints its address.
 *
 * @throws before anything is sent to GitHub when there is nothing right to promote.
 */
export async function promote(workspace: string, stack: Promotion["stack"], options: PromoteOptions): Promise<void> {
  const promotion = { stack, tag: await tagFor(workspace, stack, options) };
  const repository = gitHubRepository(await gitHubEnvironment(process.env), { use: "promotion" });
  const { did, address } = await openPromotion(repository, promotion);
  console.log(`${did} ${address}`);
}

async function tagFor(workspace: string, stack: Promotion["stack"], { image, smoke }: PromoteOptions): Promise<string> {
  if (stack === "ephemeral") return givenTag(image);
  if (image !== undefined) {
    throw new UserError("prod gets the images that ephemeral runs; no changes were made", "leave --image out");
  }
  const engine = await engineFor(workspace, "ephemeral");
  const tag = runningTag(await readHistory(engine, "ephemeral", 20));
  if (smoke) await smokeOf(engine, "ephemeral");
  return tag;
}

/** Checks a tag that was typed. */
export function givenTag(image: string | undefined): string {
  const { data, error } = imageTag.safeParse(image);
  if (data !== undefined) return data;
  const got = image === undefined ? "missing" : `got ${JSON.stringify(image)}`;
  throw new UserError(
    `--image: ${got}; expected ${error?.issues[0]?.message}; no changes were made`,
    "ds promote ephemeral --image sha-59db084",
  );
}

/**
 * Returns the image tag that stack ephemeral runs, by its history, the latest first.
 *
 * @throws when its last update did not succeed: nobody knows then what it runs.
 */
export function runningTag(entries: readonly HistoryEntry[]): string {
  const last = entries.find(({ kind }) => kind === "update" || kind === "destroy");
  if (last?.kind === "update" && last.result === "succeeded" && last.imageTag !== undefined) return last.imageTag;
  const what =
    last === undefined ? "was never deployed" : `was last changed by an update that is: ${last.kind}, ${last.result}`;
  throw new UserError(`stack ephemeral ${what}; no changes were made`, "ds deploy ephemeral, and then again");
}

/** What a GitHub workflow has in its environment, for a person: the token of `gh`, and the repository that the clone is from. */
async function gitHubEnvironment(environment: NodeJS.ProcessEnv): Promise<NodeJS.ProcessEnv> {
  const token = environment.GITHUB_TOKEN || environment.GH_TOKEN || (await tokenOfGh());
  hideValues([token]);
  const repository = environment.GITHUB_REPOSITORY || (await originRepository());
  return { ...environment, GITHUB_TOKEN: token, GITHUB_REPOSITORY: repository };
}

async function tokenOfGh(): Promise<string> {
  try {
    return (await run("gh", ["auth", "token"])).stdout.trim();
  } catch {
    // Without gh there is none, which is then said.
    return "";
  }
}

interface Opened {
  readonly did: "opened" | "updated" | "left as it is:";
  readonly address: string;
}

/**
 * Makes the one open pull request of a stack's promotion set this tag, in one commit on the main of now. What is there is looked at
 * first, and stays where it is right.
 *
 * @throws when main has the tag already, and with the next step when GitHub refuses.
 */
export function openPromotion(repository: GitHubRepository, promotion: Promotion): Promise<Opened> {
  return repository.lookThenWrite(() => openOnce(repository, promotion));
}

const mainAnswer = z.object({
  commit: z.object({ sha: z.string(), commit: z.object({ tree: z.object({ sha: z.string() }) }) }),
});

const pullPage = z.object({ html_url: z.string() });

const openPull = pullPage.extend({
  number: z.number(),
  title: z.string(),
  body: z.string().nullish(),
  head: z.object({ sha: z.string() }),
});

async function openOnce(repository: GitHubRepository, { stack, tag }: Promotion): Promise<Opened> {
  const [owner] = repository.name.split("/");
  const branch = `promote-${stack}`;
  const path = stackFileName(stack);
  const main = await repository.request("GET /repos/{owner}/{repo}/branches/{branch}", { branch: "main" }, mainAnswer);
  const before = await fileAt(repository, path, main.commit.sha);
  const { from, text } = withTag(before, tag);
  if (from === tag) throw new UserError(`nothing to promote: main has ${tag} for stack ${stack} already`);
  const title = `deploy: ${tag} to ${stack}`;
  const body = await promotionText(repository, { stack, from, tag });

  const open = { state: "open", base: "main", head: `${owner}:${branch}` };
  const [known] = await repository.list("/repos/{owner}/{repo}/pulls", open, openPull);
  const isThere = known !== undefined && (await fileAt(repository, path, known.head.sha)) === text;
  if (!isThere) await setBranch(repository, { branch, title, path, text, parent: main.commit });
  if (known === undefined) {
    const pull = { title, body, base: "main", head: branch };
    const { html_url } = await repository.request("POST /repos/{owner}/{repo}/pulls", pull, pullPage);
    return { did: "opened", address: html_url };
  }
  if (isThere && known.title === title && known.body === body) {
    return { did: "left as it is:", address: known.html_url };
  }
  const pull = { pull_number: known.number, title, body };
  const { html_url } = await repository.request("PATCH /repos/{owner}/{repo}/pulls/{pull_number}", pull, pullPage);
  return { did: "updated", address: html_url };
}

const fileAnswer = z.object({ content: z.string(), encoding: z.literal("base64") });

async function fileAt(repository: GitHubRepository, path: string, ref: string): Promise<string> {
  const { content } = await repository.request("GET /repos/{owner}/{repo}/contents/{path}", { path, ref }, fileAnswer);
  return Buffer.from(content, "base64").toString();
}

/** Returns a stack file with another image tag, and the one that it has. All else stays as it was written. */
export function withTag(file: string, tag: string): { readonly from: string; readonly text: string } {
  const node = parseDocument(file).getIn(["config", "datasets-server:images", "tag"], true);
  if (!isScalar(node) || !node.range) {
    throw new UserError("the stack file on main has no images.tag; no changes were made", "docs/configuration.md");
  }
  const [start, end] = node.range;
  return { from: String(node.value), text: file.slice(0, start) + tag + file.slice(end) };
}

interface BranchContent {
  readonly branch: string;
  readonly title: string;
  readonly path: string;
  readonly text: string;
  readonly parent: { readonly sha: string; readonly commit: { readonly tree: { readonly sha: string } } };
}

/** Makes a branch one commit on its parent, whatever it was. It moves once, so that one run of each workflow begins. */
async function setBranch(
  repository: GitHubRepository,
  { branch, title, path, text, parent }: BranchContent,
): Promise<void> {
  const made = z.object({ sha: z.string() });
  const files = { base_tree: parent.commit.tree.sha, tree: [{ path, mode: "100644", type: "blob", content: text }] };
  const tree = await repository.request("POST /repos/{owner}/{repo}/git/trees", files, made);
  const content = { message: title, tree: tree.sha, parents: [parent.sha] };
  const { sha } = await repository.request("POST /repos/{owner}/{repo}/git/commits", content, made);
  const ref = `heads/${branch}`;
  // It answers with all that begin so, and none is no error.
  const named = z.object({ ref: z.string() });
  const refs = await repository.list("/repos/{owner}/{repo}/git/matching-refs/{ref}", { ref }, named);
  if (refs.some((one) => one.ref === `refs/${ref}`)) {
    const move = { ref, sha, force: true };
    await repository.request("PATCH /repos/{owner}/{repo}/git/refs/{ref}", move, z.object({}));
  } else {
    await repository.request("POST /repos/{owner}/{repo}/git/refs", { ref: `refs/${ref}`, sha }, z.object({}));
  }
}

async function promotionText(
  repository: GitHubRepository,
  { stack, from, tag }: Promotion & { readonly from: string },
): Promise<string> {
  const why = stack === "prod" ? "The images that ephemeral runs." : "To try on ephemeral before `ds promote prod`.";
  return `Sets \`images.tag\` of stack ${stack} from \`${from}\` to \`${tag}\`. ${why}\n\n${await commitsText(repository, from, tag)}\n`;
}

const comparison = z.object({
  html_url: z.string(),
  total_commits: z.number(),
  behind_by: z.number(),
  commits: z.array(z.object({ sha: z.string(), html_url: z.string(), commit: z.object({ message: z.string() }) })),
});

/** Tells which of the application's commits lie between two tags, or why that is not known. */
async function commitsText(repository: GitHubRepository, from: string, to: string): Promise<string> {
  const name = `${application.owner}/${application.repo}`;
  const basehead = [from, to].map((tag) => tag.replace(/^sha-/, "")).join("...");
  try {
    const which = { ...application, basehead, per_page: mostCommits };
    const compared = await repository.request("GET /repos/{owner}/{repo}/compare/{basehead}", which, comparison);
    const { commits, total_commits: total, behind_by: behind, html_url: page } = compared;
    const back = behind > 0 ? `It goes back: ${behind} commits of ${name} that run now are not in it.\n\n` : "";
    const head = `${total} commits of ${name}: ${page}\n`;
    const lines = commits.map(
      ({ sha, html_url, commit }) => `- [${sha.slice(0, 7)}](${html_url}) ${quoted(commit.message)}`,
    );
    const rest = total > commits.length ? [`- and ${total - commits.length} more`] : [];
    return [back + head, ...lines, ...rest].join("\n");
  } catch (error) {
    // The error itself speaks of the repository of the stack files.
    const answer = requestErrorOf(error);
    const reason = answer === undefined ? String(error) : `${answer.status}: ${answer.message}`;
    return `The commits of ${name} between them are not known. What was said when they were asked for: ${quoted(reason)}`;
  }
}

/** The first line of a text in which no name, number or markup has a meaning for GitHub. */
function quoted(text: string): string {
  const [line = ""] = text.split("\n", 1);
  return `\`${line.replaceAll("`", "'")}\``;
}
