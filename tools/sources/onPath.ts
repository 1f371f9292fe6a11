import fs from "node:fs";
import path from "node:path";
import { cacheRoot, executableName } from "../cache";
import { type Attempt, found, type Job, notFound, notMeantFor, versionProblem } from "./source";

/** Links to an executable on PATH that says it is exactly the pinned version. */
export async function fromPath({ name, part, target }: Job): Promise<Attempt> {
  if (part.versionCommand === undefined) return notMeantFor;
  const problems: string[] = [];
  for (const candidate of executablesOnPath(executableName(name, part))) {
    // The real file, because a version manager's shim answers differently in different folders.
    const executable = fs.realpathSync(candidate);
    const problem = await versionProblem(executable, part);
    if (problem === undefined) {
      fs.mkdirSync(path.dirname(target), { recursive: true });
      fs.symlinkSync(executable, target);
      return found;
    }
    problems.push(problem);
  }
  return notFound(`PATH: ${problems.length === 0 ? "none" : problems.join("; ")}`);
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
