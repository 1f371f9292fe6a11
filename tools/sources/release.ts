import fs from "node:fs";
import path from "node:path";
import type { Release } from "../part";
import { unpack } from "./archive";
import {
  type Checksum,
  type Checksums,
  checksumsFile,
  fileName,
  hashOf,
  publishedChecksum,
  readChecksums,
} from "./checksums";
import { mirrorVariable, type ReleaseHosts, ReleaseUnavailable } from "./releaseHosts";
import { type Attempt, type Job, notFound, notMeantFor, placedVersionProblem } from "./source";

/**
 * Makes the source that takes official releases. An archive that holds several parts is downloaded once, into
 * `downloads`.
 *
 * @param checksums our own, which go before those that projects publish. Default: the committed ones.
 */
export function createReleaseSource(
  hosts: ReleaseHosts,
  downloads: string,
  checksums: Checksums = readChecksums(),
): (job: Job) => Promise<Attempt> {
  const checkedFiles = new Map<string, Promise<CheckedFile>>();

  const checkedFile = (release: Release): Promise<CheckedFile> => {
    const known = checkedFiles.get(release.url);
    if (known !== undefined) return known;
    const file = download(release, { hosts, downloads, checksums });
    checkedFiles.set(release.url, file);
    return file;
  };

  return async (job) => {
    if (job.part.release === undefined) return notMeantFor;
    const { os, arch } = job.platform;
    const release = job.part.release(job.platform);
    if (release === undefined) return notFound(`release: none for ${os}/${arch}`);
    try {
      const { file, checkedBy } = await checkedFile(release);
      await place(file, release, job);
      const problem = await placedVersionProblem(job);
      return problem === undefined ? { found: true, detail: checkedBy } : notFound(`release: ${problem}`);
    } catch (error) {
      if (error instanceof ReleaseUnavailable) return notFound(`release: ${error.message}`);
      throw error;
    }
  };
}

interface CheckedFile {
  readonly file: string;
  /** Which checksum it was compared with. */
  readonly checkedBy: string;
}

interface Sources {
  readonly hosts: ReleaseHosts;
  readonly downloads: string;
  readonly checksums: Checksums;
}

async function download(release: Release, { hosts, downloads, checksums }: Sources): Promise<CheckedFile> {
  const name = fileName(release.url);
  const expected = await expectedChecksum(release, hosts, checksums);
  const file = path.join(downloads, name);
  fs.mkdirSync(downloads, { recursive: true });
  await hosts.file(release.url, file);
  const actual = await hashOf(file, expected.algorithm);
  if (actual !== expected.hash) {
    const why = `${name} refused: its ${expected.algorithm} is ${actual}, expected is ${expected.hash} (${expected.from})`;
    hosts.distrust(release.url, why);
    throw new ReleaseUnavailable(why);
  }
  return { file, checkedBy: `${expected.algorithm} ${expected.from}` };
}

interface ExpectedChecksum extends Checksum {
  readonly from: string;
}

/** Our own checksum of a release, else the one that its project publishes with it. */
async function expectedChecksum(
  { url, checksumsUrl }: Release,
  hosts: ReleaseHosts,
  checksums: Checksums,
): Promise<ExpectedChecksum> {
  const hash = checksums[url];
  if (hash !== undefined) return { algorithm: "sha256", hash, from: `from ${checksumsFile}` };
  if (checksumsUrl === undefined) {
    throw new ReleaseUnavailable(`its project publishes no checksums, and ${checksumsFile} has none of ${url}`);
  }
  if (hosts.isOpenToChange(url)) {
    throw new ReleaseUnavailable(
      `${checksumsFile} has no checksum of ${url}, and ${mirrorVariable} is plain http, over which a published one can be ` +
        `changed too. Use a mirror over https, or write ${checksumsFile} where the release's own host can be reached`,
    );
  }
  return {
    ...publishedChecksum(await hosts.text(checksumsUrl), { url, checksumsUrl }),
    from: "as published with the release",
  };
}

async function place(file: string, release: Release, { target, scratch }: Job): Promise<void> {
  fs.mkdirSync(path.dirname(target), { recursive: true });
  fs.copyFileSync(release.member === undefined ? file : await unpack(file, release.member, scratch), target);
  fs.chmodSync(target, 0o755);
}
