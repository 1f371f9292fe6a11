import { createHash, randomUUID } from "node:crypto";
import fs from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import awsPackage from "@pulumi/aws/package.json";
import { run } from "../../../tools/run";

const executable = "pulumi-resource-aws";
const sources = path.join(__dirname, "plugin");
const buildLimitMs = 10 * 60_000;

/**
 * Puts the stand-in for the AWS provider where the engine of `pulumiHome` looks for the one that npm's @pulumi/aws asks
 * for, building it first when no earlier build of the same sources is cached (1 s with warm Go caches, a minute or two
 * without).
 *
 * @throws when that home holds an AWS provider that is not the stand-in, or when Go is missing or cannot build it.
 */
export async function installAwsStandIn(pulumiHome: string): Promise<void> {
  const link = path.join(pulumiHome, "plugins", `resource-aws-v${awsPackage.version}`, executable);
  await refuseRealProvider(link);
  const built = await builtPlugin();
  await fs.mkdir(path.dirname(link), { recursive: true });
  const staged = `${link}.${randomUUID()}`;
  await fs.symlink(built, staged);
  await fs.rename(staged, link);
}

async function refuseRealProvider(link: string): Promise<void> {
  const existing = await fs.lstat(link).catch(absent);
  if (existing === undefined || existing.isSymbolicLink()) return;
  throw new Error(
    `${link} is a real AWS provider, and tests do not replace one: give the stand-in a PULUMI_HOME of its own, or remove that file`,
  );
}

async function builtPlugin(): Promise<string> {
  const folder = path.join(cacheRoot(), `aws-stand-in-${await sourcesHash()}`);
  const built = path.join(folder, executable);
  if ((await fs.stat(built).catch(absent)) !== undefined) return built;
  await fs.mkdir(cacheRoot(), { recursive: true });
  const staging = await fs.mkdtemp(`${folder}.`);
  try {
    await build(path.join(staging, executable));
    await fs.rename(staging, folder).catch(keepEarlierBuild);
  } finally {
    await fs.rm(staging, { recursive: true, force: true });
  }
  return built;
}

async function build(output: string): Promise<void> {
  const flags = ["-trimpath", "-buildvcs=false", "-ldflags", `-s -w -X main.version=${awsPackage.version}`];
  const { code, stderr } = await run("go", ["build", ...flags, "-o", output, "."], {
    cwd: sources,
    timeoutMs: buildLimitMs,
  });
  if (code !== 0) {
    throw new Error(`go build of ${sources} ended with code ${code}; it needs Go 1.26 or later and says:\n${stderr}`);
  }
}

/** Two processes may build at once: the first to finish wins, and its build is as good as the other's. */
function keepEarlierBuild(error: NodeJS.ErrnoException): void {
  if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error;
}

async function sourcesHash(): Promise<string> {
  const names = (await fs.readdir(sources)).filter((name) => /\.(go|mod|sum)$/.test(name)).sort();
  const hash = createHash("sha256").update([awsPackage.version, process.platform, process.arch].join(" "));
  for (const name of names) hash.update(`\0${name}\0`).update(await fs.readFile(path.join(sources, name)));
  return hash.digest("hex").slice(0, 16);
}

function cacheRoot(): string {
  // As the XDG specification has it, an empty variable counts as unset.
  const caches = process.env.XDG_CACHE_HOME || path.join(os.homedir(), ".cache");
  return path.join(caches, "datasets-server", "tests");
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT") throw error;
  return undefined;
}
