import fs from "node:fs";
import path from "node:path";
import { committedFile } from "../cache";
import type { GoFiles, GoProgram, ModuleFiles, Part } from "../part";
import { type RunResult, run } from "../run";
import { goEnvironment } from "./goToolchain";
import { CommandFailed, type Job, placedVersionProblem } from "./source";

/**
 * Builds a program, or takes files out of a module, as the committed go.sum pins them.
 *
 * @throws CommandFailed
 */
export async function fromGoModules(job: Job, source: GoProgram | GoFiles): Promise<void> {
  if (source.kind === "files") return copyModuleFiles(source.folder, source.from, job.target);
  await build(job, source);
  const problem = await placedVersionProblem(job);
  if (problem !== undefined) throw new CommandFailed(`the version check of ${job.name}`, problem);
}

/** Downloads what building these parts will need, one after another. Best effort: the build itself reports what fails. */
export async function prefetchModules(parts: readonly Part[], signal: AbortSignal): Promise<void> {
  for (const { goModule } of parts) {
    if (signal.aborted) return;
    if (goModule?.kind !== "program") continue;
    await go(committedFile(goModule.folder), ["list", "-e", "-deps", goModule.package], signal).catch(() => undefined);
  }
}

async function build({ target, scratch }: Job, program: GoProgram): Promise<void> {
  const stamps = Object.entries(program.stamps ?? {}).map(([variable, value]) => `-X ${variable}=${value}`);
  const ldflags = ["-s", "-w", ...stamps].join(" ");
  const flags = ["-trimpath", "-buildvcs=false", `-ldflags=${ldflags}`, ...(program.flags ?? [])];
  fs.mkdirSync(path.dirname(target), { recursive: true });
  const folder = program.embeds === undefined ? committedFile(program.folder) : await withEmbeds(program, scratch);
  await go(folder, ["build", ...flags, "-o", target, program.package]);
}

/** The embedded files go into a copy of the sources, so that a checkout stays clean and two installs cannot meet. */
async function withEmbeds({ folder, embeds }: GoProgram, scratch: string): Promise<string> {
  const sources = path.join(scratch, "sources");
  fs.cpSync(committedFile(folder), sources, { recursive: true });
  if (embeds !== undefined) await copyModuleFiles(folder, embeds, sources);
  return sources;
}

async function copyModuleFiles(folder: string, from: ModuleFiles, destination: string): Promise<void> {
  const answer = await go(committedFile(folder), ["mod", "download", "-json", from.module]);
  const { Dir: moduleFolder }: { Dir: string } = JSON.parse(answer.stdout);
  fs.mkdirSync(destination, { recursive: true });
  for (const file of from.paths) {
    // Written anew, because files of the module cache are read-only.
    fs.writeFileSync(path.join(destination, path.basename(file)), fs.readFileSync(path.join(moduleFolder, file)));
  }
}

async function go(cwd: string, args: readonly string[], signal?: AbortSignal): Promise<RunResult> {
  const result = await run("go", args, { cwd, env: goEnvironment(), ...(signal && { signal }) });
  if (result.code !== 0) {
    throw new CommandFailed(`go ${args.join(" ")} (in ${cwd})`, `${result.stdout}${result.stderr}`);
  }
  return result;
}
