import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { committedFile } from "../cache";
import { oldestGo } from "../pins";
import { run } from "../run";
import type { GoFiles, GoProgram, ModuleFiles } from "../tool";
import { isAtLeast, type Job, runBuild } from "./job";

const versionTimeoutMs = 10_000;
const wanted = `Go >= ${oldestGo.join(".")} is needed to build it from Go modules`;

/**
 * Builds a program, or takes files out of a module, as the committed go.sum pins them.
 *
 * @throws CommandFailed
 */
export async function fromGoModules({ target, scratch }: Job, source: GoProgram | GoFiles): Promise<void> {
  if (source.kind === "files") return copyModuleFiles(source.folder, source.from, target);
  const stamps = Object.entries(source.stamps ?? {}).map(([variable, value]) => `-X ${variable}=${value}`);
  const ldflags = ["-s", "-w", ...stamps].join(" ");
  const flags = ["-trimpath", "-buildvcs=false", `-ldflags=${ldflags}`, ...(source.flags ?? [])];
  const folder = await sourcesOf(source, scratch);
  await go(folder, ["build", ...flags, "-o", target, source.package]);
}

/** Returns the folder to build in. Embedded files go into a copy, so that a checkout stays clean and two installs cannot meet. */
async function sourcesOf({ folder, embeds }: GoProgram, scratch: string): Promise<string> {
  if (embeds === undefined) return committedFile(folder);
  const sources = path.join(scratch, "sources");
  fs.cpSync(committedFile(folder), sources, { recursive: true });
  await copyModuleFiles(folder, embeds, sources);
  return sources;
}

async function copyModuleFiles(folder: string, from: ModuleFiles, destination: string): Promise<void> {
  const answer = await go(committedFile(folder), ["mod", "download", "-json", from.module]);
  const { Dir: moduleFolder }: { Dir: string } = JSON.parse(answer.stdout);
  fs.mkdirSync(destination, { recursive: true });
  for (const file of from.paths) {
    // Written and not copied, because files of the module cache are read-only.
    fs.writeFileSync(path.join(destination, path.basename(file)), fs.readFileSync(path.join(moduleFolder, file)));
  }
}

const go = (cwd: string, args: readonly string[]) => runBuild("go", args, { cwd, env: goEnvironment() });

/** What the user's shell says about proxies and caches stays, what would change the result does not. */
export function goEnvironment(): NodeJS.ProcessEnv {
  const { GOOS: _os, GOARCH: _arch, ...rest } = process.env;
  // Fewer collections in compiler and linker: a sixth less processor time for a tenth to a quarter more memory.
  const garbageCollection = rest.GOGC || "400";
  return { ...rest, GOFLAGS: "-mod=readonly", GOWORK: "off", GOTOOLCHAIN: "local", GOGC: garbageCollection };
}

/** Returns what is missing to build from Go modules; undefined when nothing is. */
export async function goProblem(): Promise<string | undefined> {
  try {
    // In a folder without a go.mod, so that no other setting can speak.
    const options = { cwd: os.tmpdir(), env: goEnvironment(), timeoutMs: versionTimeoutMs };
    const found = (await run("go", ["env", "GOVERSION"], options)).stdout.trim();
    return isAtLeast(found, oldestGo)
      ? undefined
      : `${wanted}, and the \`go\` on PATH is ${found || "of an unknown version"}`;
  } catch {
    return `${wanted}, and no \`go\` was found on PATH`;
  }
}
