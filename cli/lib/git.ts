import { mkdtemp, rm } from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { UserError } from "../../cluster/userError";
import { run } from "../../tools/run";
import { projectFolder } from "./project";

/** What the files of a folder are. */
export interface WorkingTree {
  /** Undefined where they are no git checkout. */
  readonly commit?: string;
  /** The files that differ from that commit, those that it does not have included. */
  readonly changed: readonly string[];
}

/** How a commit is related to another one; `unknown` where the clone does not have that other one. */
export type Relation = "same" | "newer" | "older" | "apart" | "unknown";

/** Returns what the files of a folder are. Default: of the project. */
export async function workingTree(folder = projectFolder): Promise<WorkingTree> {
  const head = await git(folder, "rev-parse", "HEAD");
  if (head.code !== 0) return { changed: [] };
  const { stdout } = await git(folder, "status", "--porcelain");
  const changed = stdout.split("\n").filter((line) => line !== "");
  return { commit: head.stdout.trim(), changed: changed.map((line) => line.slice(3)) };
}

/** Returns how a commit is related to another one, by who descends from whom and never by the time. */
export async function relationOf(commit: string, to: string, folder = projectFolder): Promise<Relation> {
  if (commit === to) return "same";
  for (const one of [commit, to]) {
    const { code } = await git(folder, "cat-file", "-e", `${one}^{commit}`);
    if (code !== 0) return "unknown";
  }
  const isAncestor = async (one: string, of: string) =>
    (await git(folder, "merge-base", "--is-ancestor", one, of)).code === 0;
  if (await isAncestor(to, commit)) return "newer";
  return (await isAncestor(commit, to)) ? "older" : "apart";
}

/**
 * Runs an action on a worktree of a commit, in a temporary folder that is removed however it ends.
 *
 * @throws when git makes none, as where the clone lacks the commit.
 */
export async function inWorktree<T>(
  commit: string,
  action: (worktree: string) => Promise<T>,
  folder = projectFolder,
): Promise<T> {
  const temporary = await mkdtemp(path.join(os.tmpdir(), "datasets-server-commit-"));
  const worktree = path.join(temporary, "checkout");
  try {
    const { code, stderr } = await git(folder, "worktree", "add", "--quiet", "--detach", worktree, commit);
    if (code !== 0) {
      const message = `git makes no worktree of commit ${commit}: ${stderr.trim()}; no changes were made`;
      throw new UserError(message, "git fetch origin, and run this again");
    }
    return await action(worktree);
  } finally {
    await rm(temporary, { recursive: true, force: true });
    await git(folder, "worktree", "prune");
  }
}

/** A commit by the digits that tell it from others, and its title. */
export interface CommitTitle {
  readonly commit: string;
  readonly title: string;
}

/** Returns the commits of a branch's own line that came after another commit, the latest first. */
export async function commitsSince(commit: string, to: string, folder = projectFolder): Promise<CommitTitle[]> {
  const { stdout } = await git(folder, "log", "--first-parent", "--format=%h %s", `${commit}..${to}`);
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => ({ commit: line.split(" ", 1).join(""), title: line.slice(line.indexOf(" ") + 1) }));
}

/** Returns the repository on GitHub that a clone is from, as OWNER/NAME; empty where it is from elsewhere. */
export async function originRepository(folder = projectFolder): Promise<string> {
  const { stdout } = await git(folder, "remote", "get-url", "origin");
  const [, name = ""] = /github\.com[:/]([\w.-]+\/[\w.-]+?)(?:\.git)?\/?$/.exec(stdout.trim()) ?? [];
  return name;
}

async function git(folder: string, ...args: readonly string[]) {
  try {
    return await run("git", args, { cwd: folder });
  } catch {
    // No git, no commit.
    return { code: 127, stdout: "", stderr: "" };
  }
}
