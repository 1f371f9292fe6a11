import fs from "node:fs";
import path from "node:path";
import { cacheRoot } from "../cache";
import { type Job, Unavailable, versionProblem } from "./job";

/**
 * Links to an executable on PATH that says it is exactly the pinned version.
 *
 * @throws Unavailable
 */
export async function fromPath({ tool, target }: Job): Promise<string> {
  if (tool.versionCommand === undefined) throw new Unavailable("PATH: not asked, because it cannot tell its version");
  const problems: string[] = [];
  for (const candidate of executablesOnPath(path.basename(target))) {
    // The real file, because a version manager's shim answers differently in different folders.
    const executable = fs.realpathSync(candidate);
    const problem = await versionProblem(executable, tool);
    if (problem === undefined) {
      fs.symlinkSync(executable, target);
      return "found on PATH";
    }
    problems.push(problem);
  }
  throw new Unavailable(`PATH: ${problems.length === 0 ? "none" : problems.join("; ")}`);
}

function executablesOnPath(name: string): string[] {
  // Not our own cache, which the shell of `ds shell` has on PATH: another entry there is not this recipe's.
  const isForeign = (folder: string) => path.isAbsolute(folder) && !folder.startsWith(cacheRoot() + path.sep);
  const folders = (process.env.PATH ?? "").split(path.delimiter).filter(isForeign);
  return [...new Set(folders)].map((folder) => path.join(folder, name)).filter(isExecutableFile);
}

function isExecutableFile(file: string): boolean {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return fs.statSync(file).isFile();
  } catch {
    return false;
  }
}
