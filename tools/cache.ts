import { createHash } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import type { Part, Platform } from "./part";

const partsFolder = path.join(__dirname, "parts");

const goInputs = ["go.mod", "go.sum", "main.go"];
const pythonInputs = ["requirements.txt"];
const originFile = "origin.json";

/** Where a cached part came from, kept in its entry. */
export interface Origin {
  readonly source: string;
  /** Set for an executable on PATH that the entry links to: what it was when its version was checked. */
  readonly linkedTo?: { readonly size: number; readonly modifiedMs: number };
}

/**
 * The folder of all cached parts, shared by every checkout of this user:
 * `$XDG_CACHE_HOME/datasets-server/tools`, with `~/.cache` where XDG_CACHE_HOME is not set.
 */
export function cacheRoot(): string {
  const base = process.env.XDG_CACHE_HOME;
  return path.join(base || path.join(os.homedir(), ".cache"), "datasets-server", "tools");
}

/** The folder of one part in the cache. Its name changes with anything that would change the part. */
export function entryFolder(name: string, part: Part, platform: Platform): string {
  const built = part.goModule ?? part.pythonPackages;
  const inputs = part.pythonPackages === undefined ? goInputs : pythonInputs;
  const hash = createHash("sha256").update(JSON.stringify([platform, part.version, built ?? part.npmPackages]));
  for (const input of inputs) hash.update(`\n${input}\n`).update(committedText(built?.folder, input));
  return path.join(cacheRoot(), name, `${part.version}-${hash.digest("hex").slice(0, 12)}`);
}

/** A committed file, or folder, of tools/parts. */
export function committedFile(...names: readonly string[]): string {
  return path.join(partsFolder, ...names);
}

function committedText(folder: string | undefined, file: string): string {
  if (folder === undefined) return "";
  const committed = committedFile(folder, file);
  return fs.existsSync(committed) ? fs.readFileSync(committed, "utf8") : "";
}

export function executableName(name: string, { executable = name }: Part): string {
  return executable;
}

/** What the toolbox gives for a part: its executable, or the folder of its files. */
export function payload(entry: string, name: string, part: Part): string {
  return part.goModule?.kind === "files"
    ? path.join(entry, "files")
    : path.join(entry, "bin", executableName(name, part));
}

/** True when the part is cached and, if it is a link to an executable on PATH, that one has not changed since. */
export function isCached(entry: string, name: string, part: Part): boolean {
  const stat = fs.statSync(payload(entry, name, part), { throwIfNoEntry: false });
  const origin = readOrigin(entry);
  if (stat === undefined || origin === undefined) return false;
  const { linkedTo } = origin;
  return linkedTo === undefined || (linkedTo.size === stat.size && linkedTo.modifiedMs === stat.mtimeMs);
}

/** Where an entry came from; undefined when there is none. */
export function readOrigin(entry: string): Origin | undefined {
  const file = path.join(entry, originFile);
  return fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, "utf8")) : undefined;
}

/** Moves a finished part from its staging folder into the cache in one step. */
export function publish(staging: string, entry: string, name: string, part: Part, source: string): void {
  const stagedPayload = payload(staging, name, part);
  const isLink = fs.lstatSync(stagedPayload).isSymbolicLink();
  const { size, mtimeMs } = fs.statSync(stagedPayload);
  const origin: Origin = isLink ? { source, linkedTo: { size, modifiedMs: mtimeMs } } : { source };
  fs.writeFileSync(path.join(staging, originFile), `${JSON.stringify(origin)}\n`);
  fs.mkdirSync(path.dirname(entry), { recursive: true });
  fs.rmSync(entry, { recursive: true, force: true });
  fs.renameSync(staging, entry);
}

/** The folder for unfinished work, downloads included. Only the holder of the install lock may touch it. */
export function stagingRoot(): string {
  return path.join(cacheRoot(), ".staging");
}

/** An empty folder for unfinished work on one part. */
export function newStaging(name: string): string {
  fs.mkdirSync(stagingRoot(), { recursive: true });
  return fs.mkdtempSync(path.join(stagingRoot(), `${name}-`));
}

/** Removes all unfinished work, also what dead installs left. */
export function removeStaging(): void {
  fs.rmSync(stagingRoot(), { recursive: true, force: true });
}
