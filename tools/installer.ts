import fs from "node:fs";
import path from "node:path";
import {
  cachedSource,
  cacheRoot,
  entryFolder,
  newStaging,
  payload,
  publish,
  removeStaging,
  stagingRoot,
} from "./cache";
import { withLock } from "./lock";
import { createProgress, type Progress } from "./progress";
import { type Build, buildOf } from "./sources/build";
import { type Checksums, readChecksums, releaseMismatch } from "./sources/checksums";
import { CommandFailed, type Job, placedVersionProblem, Unavailable } from "./sources/job";
import { fromPath } from "./sources/path";
import { createReleaseSource } from "./sources/release";
import { createReleaseHosts } from "./sources/releaseHosts";
import { mayAssumeRole } from "./sources/trust";
import { currentPlatform, type Tool, type ToolTable } from "./tool";

type Log = (line: string) => void;

const outputLinesShown = 20;

/** The error of a tool that could not be installed: it names it, what was tried, and what to do next. */
export class InstallError extends Error {}

/** A tool that is in the cache. */
export interface InstalledTool {
  readonly path: string;
  /** The version that was installed. Not every source has the same one. */
  readonly version: string;
  /** Where it is from, such as "built from Go modules". */
  readonly source: string;
}

/** Returns what is known of a tool in the cache; undefined when it is not there. */
export function installedTool(name: string, tool: Tool): InstalledTool | undefined {
  const entry = entryFolder(name, tool, currentPlatform());
  const source = cachedSource(entry, name, tool);
  if (source === undefined) return undefined;
  const build = buildOf(tool);
  const version = (build?.source === source ? build.version : undefined) ?? tool.version;
  return { path: payload(entry, name, tool), version, source };
}

/**
 * Installs every tool of a table that is not in the cache: from PATH, the official release, or a build from Go modules,
 * Python or npm packages, in this order. Finished tools stay when a later one fails or the process is killed.
 *
 * In a job that may assume a role, every executable is first compared with the committed checksum of its release, and one that
 * differs is replaced: whatever ran before may have written to the cache and to PATH.
 *
 * @param checksums Default: the committed ones.
 * @throws InstallError
 */
export async function installMissing(table: ToolTable, log: Log, checksums = readChecksums()): Promise<void> {
  if ((await missingOf(table, checksums)).length === 0) return;
  const onWait = () => log("  waiting for another install; the lock of one that was killed expires within 10 s");
  await withLock(path.join(cacheRoot(), "install.lock"), onWait, async () => {
    removeStaging();
    try {
      await installAll(table, log, checksums);
    } finally {
      removeStaging();
    }
  });
}

/** A tool that is not in the cache. */
interface MissingTool {
  readonly name: string;
  readonly tool: Tool;
  readonly build: Build | undefined;
  /** Why the sources before a build do not have it. */
  readonly reasons: string[];
}

/** Puts a tool at a job's target. Returns where it is from. */
type Source = (job: Job) => Promise<string>;

async function missingOf(table: ToolTable, checksums: Checksums): Promise<MissingTool[]> {
  const missing: MissingTool[] = [];
  for (const [name, tool] of Object.entries(table)) {
    const installed = installedTool(name, tool);
    const isUsable = installed !== undefined && (await mistrust(tool, installed.path, checksums)) === undefined;
    if (!isUsable) missing.push({ name, tool, build: buildOf(tool), reasons: [] });
  }
  return missing;
}

/** Returns why an executable must not run in this job; undefined where it may. */
async function mistrust(tool: Tool, executable: string, checksums: Checksums): Promise<string | undefined> {
  return mayAssumeRole() ? releaseMismatch(tool, executable, checksums) : undefined;
}

async function installAll(table: ToolTable, log: Log, checksums: Checksums): Promise<void> {
  // Another install may have done it all while this one waited for the lock.
  const missing = await missingOf(table, checksums);
  if (missing.length === 0) return;
  const total = Object.keys(table).length;
  const inPlace = total - missing.length;
  log(`  ${inPlace} of ${total} tools are in place, ${missing.length} to install`);
  const progress = createProgress(total, inPlace, log);
  const downloads = path.join(stagingRoot(), "downloads");
  const release = createReleaseSource({ hosts: createReleaseHosts(), downloads, checksums });
  const readyMade = (mayAssumeRole() ? [release] : [fromPath, release]).map((source) => async (job: Job) => {
    const from = await source(job);
    const problem = await mistrust(job.tool, job.target, checksums);
    if (problem !== undefined) throw new Unavailable(problem);
    return from;
  });
  const toBuild: MissingTool[] = [];
  for (const each of missing) {
    if (!(await takeReadyMade(each, readyMade, progress))) toBuild.push(each);
  }
  const noRelease = toBuild.filter(({ tool }) => tool.release !== undefined).map(({ reasons }) => reasons.at(-1) ?? "");
  for (const reason of new Set(noRelease)) log(`  ${reason}`);
  await checkBuildable(toBuild);
  for (const each of toBuild) await build(each, progress);
}

/** Takes a tool from the first source that has it; returns false when none does. */
async function takeReadyMade(missing: MissingTool, sources: readonly Source[], progress: Progress): Promise<boolean> {
  const startedMs = Date.now();
  for (const source of sources) {
    try {
      const from = await install(missing, source);
      progress.done(missing.name, missing.tool.version, from, startedMs);
      return true;
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      missing.reasons.push(error.message);
    }
  }
  return false;
}

/** Puts a tool into the cache, if it is of its version. Returns where it is from. */
async function install({ name, tool }: MissingTool, source: Source): Promise<string> {
  const platform = currentPlatform();
  const staging = newStaging(name);
  const job = { name, tool, platform, target: payload(staging, name, tool), scratch: newStaging(`${name}-scratch`) };
  fs.mkdirSync(path.dirname(job.target), { recursive: true });
  const from = await source(job);
  const problem = await placedVersionProblem(job);
  if (problem !== undefined) throw new Unavailable(problem);
  publish(staging, entryFolder(name, tool, platform), name, tool, from);
  return from;
}

/** Fails before the first long build when a later tool cannot be built. */
async function checkBuildable(toBuild: readonly MissingTool[]): Promise<void> {
  const [first] = toBuild;
  if (first !== undefined && mayAssumeRole()) {
    const next =
      "Next: commit the checksums that `ds tools checksums` writes where the hosts of the releases can be reached.";
    throw new InstallError(
      `${failureHead(first)}\nA job that may assume a role runs only releases of a committed checksum.\n${next}`,
    );
  }
  const checked = new Set<Build["toolchain"]>();
  for (const missing of toBuild) {
    if (missing.build === undefined) {
      const next = "It exists as an official release only. Next: run the command again where that host can be reached.";
      throw new InstallError(`${failureHead(missing)}\n${next}`);
    }
    const { toolchain } = missing.build;
    const problem = checked.has(toolchain) ? undefined : await toolchain.problem();
    checked.add(toolchain);
    if (problem === undefined) continue;
    const names = toBuild.map(({ name }) => name).join(", ");
    const next = `Next: ${toolchain.howToGet}, then run the command again. Left to install: ${names}.`;
    throw new InstallError(`${failureHead(missing)}\n${problem}.\n${next}`);
  }
}

async function build(missing: MissingTool, progress: Progress): Promise<void> {
  const { name, tool, build: recipe } = missing;
  if (recipe === undefined) throw new InstallError(failureHead(missing));
  const version = recipe.version ?? tool.version;
  const startedMs = Date.now();
  progress.starting(name, version, recipe.doing);
  try {
    await install(missing, async (job) => {
      await recipe.run(job);
      return recipe.source;
    });
  } catch (error) {
    if (error instanceof CommandFailed) throw new InstallError(buildFailure(missing, error), { cause: error });
    if (error instanceof Unavailable) throw new InstallError(`${failureHead(missing)}\n  ${error.message}`);
    throw error;
  }
  progress.done(name, version, recipe.source, startedMs);
}

function buildFailure(missing: MissingTool, { command, output }: CommandFailed): string {
  const end = output.trimEnd().split("\n").slice(-outputLinesShown);
  return [
    failureHead(missing),
    `  failed: ${command}`,
    ...end.map((line) => `  | ${line}`),
    "Next: fix what the output above names (a download that failed: check the network, and the settings of Go, pip or npm),",
    "then run the command again; finished tools are kept.",
  ].join("\n");
}

function failureHead({ name, tool, reasons }: MissingTool): string {
  return [`${name} ${tool.version} could not be installed.`, ...reasons.map((reason) => `  ${reason}`)].join("\n");
}
