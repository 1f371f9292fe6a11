import { RequestError } from "@octokit/request-error";
import { parseDocument } from "yaml";
import { z } from "zod";
import { UserError } from "../cluster/userError";
import { imageTag } from "../config/fields";
import { hideValues } from "../safety/redaction";
import { run } from "../tools/run";
import { type HistoryEntry, readHistory } from "./history";
import { engineFor } from "./lib/engine";
import { originRepository } from "./lib/git";
import { type GitHubRepository, gitHubRepository } from "./lib/github";
import { stackFileName } from "./lib/project";
import { writtenStackFile } from "./lib/stackFile";
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
export async function openPromotion(repository: GitHubRepository, { stack, tag }: Promotion): Promise<Opened> {
  const { client, owner, repo } = repository;
  const at = { owner, repo };
  const branch = `promote-${stack}`;
  const path = stackFileName(stack);
  const { data: main } = await client.request("GET /repos/{owner}/{repo}/branches/{branch}", { ...at, branch: "main" });
  const before = await fileAt(repository, path, main.commit.sha);
  const { from, text } = withTag(before, tag);
  if (from === tag) throw new UserError(`nothing to promote: main has ${tag} for stack ${stack} already`);
  const title = `deploy: ${tag} to ${stack}`;
  const body = await promotionText(repository, { stack, from, tag });

  const open = { ...at, state: "open", base: "main", head: `${owner}:${branch}` } as const;
  const { data: there } = await client.request("GET /repos/{owner}/{repo}/pulls", open);
  const [known] = there;
  const isThere = known !== undefined && (await fileAt(repository, path, known.head.sha)) === text;
  if (!isThere) await setBranch(repository, { branch, title, path, text, parent: main.commit });
  if (known === undefined) {
    const pull = { ...at, title, body, base: "main", head: branch };
    const { data } = await client.request("POST /repos/{owner}/{repo}/pulls", pull);
    return { did: "opened", address: data.html_url };
  }
  if (isThere && known.title === title && known.body === body) {
    return { did: "left as it is:", address: known.html_url };
  }
  const pull = { ...at, pull_number: known.number, title, body };
  const { data } = await client.request("PATCH /repos/{owner}/{repo}/pulls/{pull_number}", pull);
  return { did: "updated", address: data.html_url };
}

const fileAnswer = z.object({ content: z.string(), encoding: z.literal("base64") });

async function fileAt({ client, owner, repo }: GitHubRepository, path: string, ref: string): Promise<string> {
  const which = { owner, repo, path, ref };
  const { data } = await client.request("GET /repos/{owner}/{repo}/contents/{path}", which);
  return Buffer.from(fileAnswer.parse(data).content, "base64").toString();
}

/** Returns a stack file with another image tag, and the one that it has. */
export function withTag(file: string, tag: string): { readonly from: string; readonly text: string } {
  const document = parseDocument(file);
  const at = ["config", "datasets-server:images", "tag"];
  const from = document.getIn(at);
  document.setIn(at, tag);
  return { from: String(from), text: writtenStackFile(document) };
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
  { client, owner, repo }: GitHubRepository,
  { branch, title, path, text, parent }: BranchContent,
): Promise<void> {
  const at = { owner, repo };
  const { data: tree } = await client.request("POST /repos/{owner}/{repo}/git/trees", {
    ...at,
    base_tree: parent.commit.tree.sha,
    tree: [{ path, mode: "100644", type: "blob", content: text }],
  });
  const { data: commit } = await client.request("POST /repos/{owner}/{repo}/git/commits", {
    ...at,
    message: title,
    tree: tree.sha,
    parents: [parent.sha],
  });
  const ref = `heads/${branch}`;
  // It answers with all that begin so, and none is no error.
  const { data: refs } = await client.request("GET /repos/{owner}/{repo}/git/matching-refs/{ref}", { ...at, ref });
  if (refs.some((one) => one.ref === `refs/${ref}`)) {
    const move = { ...at, ref, sha: commit.sha, force: true };
    await client.request("PATCH /repos/{owner}/{repo}/git/refs/{ref}", move);
  } else {
    await client.request("POST /repos/{owner}/{repo}/git/refs", { ...at, ref: `refs/${ref}`, sha: commit.sha });
  }
}

async function promotionText(
  repository: GitHubRepository,
  { stack, from, tag }: Promotion & { readonly from: string },
): Promise<string> {
  const why = stack === "prod" ? "The images that ephemeral runs." : "To try on ephemeral before `ds promote prod`.";
  return `Sets \`images.tag\` of stack ${stack} from \`${from}\` to \`${tag}\`. ${why}\n\n${await commitsText(repository, from, tag)}\n`;
}

/** Tells which of the application's commits lie between two tags, or why that is not known. */
async function commitsText({ client }: GitHubRepository, from: string, to: string): Promise<string> {
  const name = `${application.owner}/${application.repo}`;
  const basehead = [from, to].map((tag) => tag.replace(/^sha-/, "")).join("...");
  try {
    const which = { ...application, basehead, per_page: mostCommits };
    const { data } = await client.request("GET /repos/{owner}/{repo}/compare/{basehead}", which);
    const { commits, total_commits: total, behind_by: behind } = data;
    const back = behind > 0 ? `It goes back: ${behind} commits of ${name} that run now are not in it.\n\n` : "";
    const head = `${total} commits of ${name}: ${data.html_url}\n`;
    const lines = commits.map(
      ({ sha, html_url, commit }) => `- [${sha.slice(0, 7)}](${html_url}) ${quoted(commit.message)}`,
    );
    const rest = total > commits.length ? [`- and ${total - commits.length} more`] : [];
    return [back + head, ...lines, ...rest].join("\n");
  } catch (error) {
    // The error itself speaks of the repository of the stack files.
    const answer = error instanceof Error ? error.cause : undefined;
    const reason = answer instanceof RequestError ? `${answer.status}: ${answer.message}` : String(error);
    return `The commits of ${name} between them are not known. What was said when they were asked for: ${quoted(reason)}`;
  }
}

/** The first line of a text in which no name, number or markup has a meaning for GitHub. */
function quoted(text: string): string {
  const [line = ""] = text.split("\n", 1);
  return `\`${line.replaceAll("`", "'")}\``;
}
