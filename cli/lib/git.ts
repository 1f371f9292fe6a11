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

async function git(folder: string, ...args: readonly string[]) {
  try {
    return await run("git", args, { cwd: folder });
  } catch {
    // No git, no commit.
    return { code: 127, stdout: "", stderr: "" };
  }
}
