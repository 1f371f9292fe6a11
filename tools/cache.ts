import { createHash } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import type { Platform, Tool } from "./tool";

const goInputs = ["go.mod", "go.sum", "main.go"];
const pythonInputs = ["requirements.txt"];
const originFile = "origin.json";

/** Where a cached tool came from, kept in its entry. */
interface Origin {
  readonly source: string;
  /** Set for an executable on PATH that the entry links to: what it was when its version was checked. */
  readonly linkedTo?: { readonly size: number; readonly modifiedMs: number };
}

/**
 * Returns the folder of all cached tools, shared by every checkout of this user:
 * `$XDG_CACHE_HOME/datasets-server/tools`, with `~/.cache` where XDG_CACHE_HOME is not set.
 */
export function cacheRoot(): string {
  const base = process.env.XDG_CACHE_HOME;
  return path.join(base || path.join(os.homedir(), ".cache"), "datasets-server", "tools");
}

/** Returns the folder of one tool in the cache. Its name changes with anything that would change the tool. */
export function entryFolder(name: string, tool: Tool, platform: Platform): string {
  const built = tool.goModule ?? tool.pythonPackages;
  const inputs = tool.pythonPackages === undefined ? goInputs : pythonInputs;
  const hash = createHash("sha256").update(JSON.stringify([platform, tool.version, built ?? tool.npmPackages]));
  for (const input of inputs) hash.update(`\n${input}\n`).update(committedText(built?.folder, input));
  return path.join(cacheRoot(), name, `${tool.version}-${hash.digest("hex").slice(0, 12)}`);
}

/** Returns the path of a committed file, or folder, of tools/builds. */
export function committedFile(...names: readonly string[]): string {
  return path.join(__dirname, "builds", ...names);
}

function committedText(folder: string | undefined, file: string): string {
  if (folder === undefined) return "";
  const committed = committedFile(folder, file);
  return fs.existsSync(committed) ? fs.readFileSync(committed, "utf8") : "";
}

/** Returns what an entry holds for the user: the executable, or the folder of files. */
export function payload(entry: string, name: string, { goModule, executable = name }: Tool): string {
  return goModule?.kind === "files" ? path.join(entry, "files") : path.join(entry, "bin", executable);
}

/**
 * Returns where a cached tool came from; undefined when it is not there, or is a link to an executable on PATH that has
 * changed since.
 */
export function cachedSource(entry: string, name: string, tool: Tool): string | undefined {
  const stat = fs.statSync(payload(entry, name, tool), { throwIfNoEntry: false });
  const file = path.join(entry, originFile);
  if (stat === undefined || !fs.existsSync(file)) return undefined;
  const { source, linkedTo }: Origin = JSON.parse(fs.readFileSync(file, "utf8"));
  const isSame = linkedTo === undefined || (linkedTo.size === stat.size && linkedTo.modifiedMs === stat.mtimeMs);
  return isSame ? source : undefined;
}

/** Moves a finished tool from its staging folder into the cache in one step. */
export function publish(staging: string, entry: string, name: string, tool: Tool, source: string): void {
  const staged = payload(staging, name, tool);
  const { size, mtimeMs } = fs.statSync(staged);
  const isLink = fs.lstatSync(staged).isSymbolicLink();
  const origin: Origin = { source, ...(isLink && { linkedTo: { size, modifiedMs: mtimeMs } }) };
  fs.writeFileSync(path.join(staging, originFile), `${JSON.stringify(origin)}\n`);
  fs.mkdirSync(path.dirname(entry), { recursive: true });
  fs.rmSync(entry, { recursive: true, force: true });
  fs.renameSync(staging, entry);
}

/** Returns the folder for unfinished work, downloads included. Only the holder of the install lock may touch it. */
export function stagingRoot(): string {
  return path.join(cacheRoot(), ".staging");
}

/** Makes an empty folder for unfinished work on one tool. */
export function newStaging(name: string): string {
  fs.mkdirSync(stagingRoot(), { recursive: true });
  return fs.mkdtempSync(path.join(stagingRoot(), `${name}-`));
}

/** Removes all unfinished work, also what killed installs left. */
export function removeStaging(): void {
  fs.rmSync(stagingRoot(), { recursive: true, force: true });
}
