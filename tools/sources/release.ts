import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import type { Release } from "../part";
import { run } from "../run";
import { type ReleaseHosts, ReleaseUnavailable } from "./releaseHosts";
import { type Attempt, found, type Job, notFound, notMeantFor, placedVersionProblem } from "./source";

const unpackTimeoutMs = 120_000;

/** The hash functions that projects publish checksums with, by the length of the hash in hexadecimal. */
const algorithmByLength = new Map([
  [40, "sha1"],
  [64, "sha256"],
  [128, "sha512"],
]);

/**
 * Makes the source that takes official releases. An archive that holds several parts is downloaded once, into
 * `downloads`.
 */
export function createReleaseSource(hosts: ReleaseHosts, downloads: string): (job: Job) => Promise<Attempt> {
  const checkedFiles = new Map<string, Promise<string>>();

  const checkedFile = (release: Release): Promise<string> => {
    const known = checkedFiles.get(release.url);
    if (known !== undefined) return known;
    const file = download(hosts, release, downloads);
    checkedFiles.set(release.url, file);
    return file;
  };

  return async (job) => {
    if (job.part.release === undefined) return notMeantFor;
    const { os, arch } = job.platform;
    const release = job.part.release(job.platform);
    if (release === undefined) return notFound(`release: none for ${os}/${arch}`);
    try {
      await place(await checkedFile(release), release, job);
    } catch (error) {
      if (error instanceof ReleaseUnavailable) return notFound(`release: ${error.message}`);
      throw error;
    }
    const problem = await placedVersionProblem(job);
    return problem === undefined ? found : notFound(`release: ${problem}`);
  };
}

async function download(hosts: ReleaseHosts, release: Release, downloads: string): Promise<string> {
  const fileName = path.posix.basename(new URL(release.url).pathname);
  const expected = publishedHash(await hosts.text(release.checksumsUrl), fileName);
  if (expected === undefined) throw new ReleaseUnavailable(`${release.checksumsUrl} has no checksum of ${fileName}`);
  const file = path.join(downloads, fileName);
  fs.mkdirSync(downloads, { recursive: true });
  await hosts.file(release.url, file);
  const actual = await hashOf(file, expected.algorithm);
  if (actual !== expected.hash) {
    const why = `${fileName} refused: its ${expected.algorithm} is ${actual}, published is ${expected.hash}`;
    hosts.distrust(release.url, why);
    throw new ReleaseUnavailable(why);
  }
  return file;
}

function publishedHash(checksums: string, fileName: string): { algorithm: string; hash: string } | undefined {
  const lines = checksums.trim().split("\n");
  const isOnlyHash = lines.length === 1 && /^[0-9a-f]+$/i.test(checksums.trim());
  const line = isOnlyHash
    ? lines[0]
    : lines.find(
        (each) =>
          each
            .trim()
            .split(/[\s*/]+/)
            .at(-1) === fileName,
      );
  const hash = line?.trim().split(/\s+/)[0]?.toLowerCase() ?? "";
  const algorithm = algorithmByLength.get(hash.length);
  return algorithm === undefined ? undefined : { algorithm, hash };
}

async function hashOf(file: string, algorithm: string): Promise<string> {
  const hash = createHash(algorithm);
  await pipeline(fs.createReadStream(file), hash);
  return hash.digest("hex");
}

async function place(file: string, release: Release, { target, scratch }: Job): Promise<void> {
  fs.mkdirSync(path.dirname(target), { recursive: true });
  fs.copyFileSync(release.member === undefined ? file : await unpack(file, release.member, scratch), target);
  fs.chmodSync(target, 0o755);
}

/** Both tar programs of the supported systems tell the archive's kind by themselves; only macOS is given zip files. */
async function unpack(archive: string, member: string, scratch: string): Promise<string> {
  fs.mkdirSync(scratch, { recursive: true });
  const result = await run("tar", ["-xf", archive, "-C", scratch, member], { timeoutMs: unpackTimeoutMs });
  if (result.code === 0) return path.join(scratch, member);
  throw new ReleaseUnavailable(`${path.basename(archive)} cannot be unpacked: ${result.stderr.trim()}`);
}
