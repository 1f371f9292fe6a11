import path from "node:path";
import { entryFolder, isCached, newStaging, payload, publish, readOrigin, removeStaging, stagingRoot } from "./cache";
import { type InstallLock, takeInstallLock } from "./installLock";
import { currentPlatform, type Part } from "./part";
import { createProgress, type Progress } from "./progress";
import { buildOf, type Toolchain } from "./sources/build";
import { prefetchModules } from "./sources/goModules";
import { fromPath } from "./sources/onPath";
import { createReleaseSource } from "./sources/release";
import { createReleaseHosts } from "./sources/releaseHosts";
import { type Attempt, CommandFailed, type Job } from "./sources/source";

export type PartTable = Readonly<Record<string, Part>>;

/** A part could not be installed. The message names it, what was tried, and what to do next. */
export class InstallError extends Error {}

const outputLinesShown = 20;

/**
 * Makes every part of the table be in the cache: from the cache itself, PATH, the official release, or a build
 * from Go modules, Python or npm packages, in this order. Finished parts stay when a later one fails or the process is killed.
 *
 * @throws InstallError
 */
export async function installParts(table: PartTable, log: (line: string) => void): Promise<void> {
  const total = Object.keys(table).length;
  if (missingParts(table).length === 0) return;
  const lock = await takeInstallLock(log);
  try {
    // Another install may have done it all while this one waited for the lock.
    const missing = missingParts(table);
    if (missing.length === 0) return;
    removeStaging();
    const inPlace = total - missing.length;
    log(`  ${inPlace} of ${total} tools are in place, ${missing.length} to install`);
    await installMissing(missing, lock, createProgress(total, inPlace, log), log);
  } finally {
    removeStaging();
    await lock.release();
  }
}

/** The paths of the parts of a table; absent ones are those that are not installed. */
export function cachedPaths(table: PartTable): ReadonlyMap<string, string> {
  const platform = currentPlatform();
  const paths = new Map<string, string>();
  for (const [name, part] of Object.entries(table)) {
    const entry = entryFolder(name, part, platform);
    if (isCached(entry, name, part)) paths.set(name, payload(entry, name, part));
  }
  return paths;
}

/** A tool that is in the cache. */
export interface InstalledTool {
  readonly path: string;
  /** The version that was installed. Not every source has the same one. */
  readonly version: string;
  /** Where it is from, such as "built from Go modules". */
  readonly source: string;
}

/** Returns what is known of a part in the cache; undefined when it is not there. */
export function installedTool(name: string, part: Part): InstalledTool | undefined {
  const entry = entryFolder(name, part, currentPlatform());
  const origin = readOrigin(entry);
  if (origin === undefined || !isCached(entry, name, part)) return undefined;
  const { source } = origin;
  const build = buildOf(part);
  const version = build?.source === source ? build.version : part.version;
  return { path: payload(entry, name, part), version, source };
}

interface PendingPart {
  readonly name: string;
  readonly part: Part;
  /** Why the quick sources did not have it. */
  readonly reasons: readonly string[];
}

function missingParts(table: PartTable): PendingPart[] {
  const cached = cachedPaths(table);
  const missing = Object.entries(table).filter(([name]) => !cached.has(name));
  return missing.map(([name, part]) => ({ name, part, reasons: [] }));
}

async function installMissing(
  missing: readonly PendingPart[],
  lock: InstallLock,
  progress: Progress,
  log: (line: string) => void,
): Promise<void> {
  const toBuild = await takeReadyMade(missing, lock, progress, log);
  if (toBuild.length === 0) return;
  await checkBuildable(toBuild);
  const rest = new AbortController();
  const prefetching = prefetchModules(
    toBuild.slice(1).map(({ part }) => part),
    rest.signal,
  );
  try {
    for (const pending of toBuild) await buildPart(pending, lock, progress);
  } finally {
    rest.abort();
    await prefetching;
  }
}

/** Takes from PATH and from releases what they have; the rest is to be built. */
async function takeReadyMade(
  missing: readonly PendingPart[],
  lock: InstallLock,
  progress: Progress,
  log: (line: string) => void,
): Promise<PendingPart[]> {
  const fromRelease = createReleaseSource(createReleaseHosts(log), path.join(stagingRoot(), "downloads"));
  const readyMade: readonly NamedSource[] = [
    ["found on PATH", fromPath],
    ["official release", fromRelease],
  ];
  const rest: PendingPart[] = [];
  for (const { name, part } of missing) {
    lock.announce(`looking for ${name} ${part.version}`);
    const startedMs = Date.now();
    const reasons: string[] = [];
    const staged = stage(name, part);
    const source = await firstSource(readyMade, staged.job, reasons);
    if (source === undefined) {
      rest.push({ name, part, reasons });
      continue;
    }
    staged.publish(source);
    progress.done(name, part.version, source, startedMs);
  }
  return rest;
}

type NamedSource = readonly [label: string, take: (job: Job) => Promise<Attempt>];

/** The label, with its detail, of the first source that has the part; what the others said is added to `reasons`. */
async function firstSource(sources: readonly NamedSource[], job: Job, reasons: string[]): Promise<string | undefined> {
  for (const [label, take] of sources) {
    const attempt = await take(job);
    if (attempt.found) return attempt.detail === undefined ? label : `${label}, ${attempt.detail}`;
    if (attempt.why !== undefined) reasons.push(attempt.why);
  }
  return undefined;
}

/** Stages a part: a job whose target is in a staging folder, and the step that moves it into the cache. */
function stage(name: string, part: Part): { readonly job: Job; publish(source: string): void } {
  const platform = currentPlatform();
  const folder = newStaging(name);
  const scratch = newStaging(`${name}-scratch`);
  return {
    job: { name, part, platform, target: payload(folder, name, part), scratch },
    publish: (source) => publish(folder, entryFolder(name, part, platform), name, part, source),
  };
}

/** Fails before the first long build when some part cannot be built in the end. */
async function checkBuildable(toBuild: readonly PendingPart[]): Promise<void> {
  const toolchains = new Map<Toolchain, PendingPart>();
  for (const pending of toBuild) {
    const build = buildOf(pending.part);
    if (build === undefined) {
      throw new InstallError(
        `${failureHead(pending)}\nIt exists as an official release only. Next: run the command again where that host can be reached.`,
      );
    }
    if (!toolchains.has(build.toolchain)) toolchains.set(build.toolchain, pending);
  }
  const names = toBuild.map(({ name }) => name).join(", ");
  for (const [{ problem, howToGet }, first] of toolchains) {
    const missing = await problem();
    if (missing === undefined) continue;
    throw new InstallError(
      `${failureHead(first)}\n${missing}.\nNext: ${howToGet}, then run the command again. Left to install: ${names}.`,
    );
  }
}

async function buildPart(pending: PendingPart, lock: InstallLock, progress: Progress): Promise<void> {
  const { name, part } = pending;
  const build = buildOf(part);
  if (build === undefined) throw new InstallError(failureHead(pending));
  const { version, doing } = build;
  const startedMs = Date.now();
  lock.announce(`${doing}: ${name} ${version}`);
  if (build.mayTakeMinutes) progress.starting(name, version, doing);
  const staged = stage(name, part);
  try {
    await build.run(staged.job);
  } catch (error) {
    if (error instanceof CommandFailed) throw new InstallError(buildFailure(pending, error), { cause: error });
    throw error;
  }
  staged.publish(build.source);
  progress.done(name, version, build.source, startedMs);
}

function buildFailure(pending: PendingPart, { command, output }: CommandFailed): string {
  const end = output.trimEnd().split("\n").slice(-outputLinesShown);
  return [
    failureHead(pending),
    `  failed: ${command}`,
    ...end.map((line) => `  | ${line}`),
    "Next: fix what the output above names (a download that failed: check the network, and the settings of Go, pip or npm),",
    "then run the command again; finished tools are kept.",
  ].join("\n");
}

function failureHead({ name, part, reasons }: PendingPart): string {
  return [`${name} ${part.version} could not be installed.`, ...reasons.map((reason) => `  ${reason}`)].join("\n");
}
