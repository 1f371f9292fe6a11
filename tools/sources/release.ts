import fs from "node:fs";
import path from "node:path";
import { run } from "../run";
import { platformName, type Release } from "../tool";
import {
  type Checksum,
  type Checksums,
  checksumsFile,
  fileName,
  hashOf,
  publishedChecksum,
  readChecksums,
} from "./checksums";
import { type Job, Unavailable } from "./job";
import { mirrorVariable, type ReleaseHosts } from "./releaseHosts";
import { isInCi, mayAssumeRole } from "./trust";

const unpackTimeoutMs = 120_000;

export interface ReleaseSourceOptions {
  readonly hosts: ReleaseHosts;
  /** The folder for downloads. An archive that holds several tools is downloaded once. */
  readonly downloads: string;
  /** Our own checksums, which go before those that projects publish. Default: the committed ones. */
  readonly checksums?: Checksums;
}

/** Returns the source that takes official releases. It throws `Unavailable`. */
export function createReleaseSource(options: ReleaseSourceOptions): (job: Job) => Promise<string> {
  const { hosts, downloads, checksums = readChecksums() } = options;
  const downloaded = new Map<string, Promise<Downloaded>>();

  const download = async (release: Release): Promise<Downloaded> => {
    const isCommitted = checksums[release.url] !== undefined;
    if (!isCommitted && (isInCi() || mayAssumeRole())) {
      throw new Unavailable(
        `${checksumsFile} has no checksum of ${release.url}, and CI takes a release by no other: ` +
          "`ds tools checksums` writes it, where that host can be reached",
      );
    }
    const expected = await expectedChecksum(release, hosts, checksums);
    if (expected === undefined) {
      throw new Unavailable(`its project publishes no checksums, and ${checksumsFile} has none of ${release.url}`);
    }
    const file = await downloadRelease(release.url, downloads, hosts, expected);
    const how = isCommitted ? expected.from : `${expected.from}: none is committed`;
    return { file, source: `official release, ${expected.algorithm} ${how}` };
  };

  return async ({ tool, platform, target, scratch }) => {
    const release = tool.release?.(platform);
    if (release === undefined) throw new Unavailable(`release: none for ${platformName(platform)}`);
    const pending = downloaded.get(release.url) ?? download(release);
    downloaded.set(release.url, pending);
    const { file, source } = await pending;
    fs.copyFileSync(release.member === undefined ? file : await unpack(file, release.member, scratch), target);
    fs.chmodSync(target, 0o755);
    return source;
  };
}

interface Downloaded {
  readonly file: string;
  /** Where it is from, with the checksum that it was compared with. */
  readonly source: string;
}

interface ExpectedChecksum extends Checksum {
  readonly from: string;
}

/**
 * Returns our own checksum of a release, else the one that its project publishes with it; undefined when it publishes none.
 *
 * @throws Unavailable
 */
export async function expectedChecksum(
  release: Release,
  hosts: ReleaseHosts,
  checksums: Checksums,
): Promise<ExpectedChecksum | undefined> {
  const { url, checksumsUrl } = release;
  const hash = checksums[url];
  if (hash !== undefined) return { algorithm: "sha256", hash, from: `from ${checksumsFile}` };
  if (hosts.isOpenToChange(url)) {
    throw new Unavailable(
      `${checksumsFile} has no checksum of ${url}, and ${mirrorVariable} is plain http, over which a published one can be ` +
        `changed too. Use a mirror over https, or write ${checksumsFile} where the release's own host can be reached`,
    );
  }
  if (checksumsUrl === undefined) return undefined;
  const published = publishedChecksum(await hosts.text(checksumsUrl), checksumsUrl, fileName(url));
  return { ...published, from: "as published with the release" };
}

/**
 * Downloads a release into a folder, and returns the file.
 *
 * @throws Unavailable, also when it is not the file of the expected checksum
 */
export async function downloadRelease(
  url: string,
  folder: string,
  hosts: ReleaseHosts,
  expected: ExpectedChecksum | undefined,
): Promise<string> {
  const file = path.join(folder, fileName(url));
  fs.mkdirSync(folder, { recursive: true });
  await hosts.file(url, file);
  if (expected === undefined) return file;
  const { algorithm, hash, from } = expected;
  const actual = await hashOf(file, algorithm);
  if (actual === hash) return file;
  throw new Unavailable(`${path.basename(file)} refused: its ${algorithm} is ${actual}, expected is ${hash} (${from})`);
}

/**
 * Unpacks one file of an archive into a folder, and returns its path there.
 *
 * @throws Unavailable
 */
export async function unpack(archive: string, member: string, folder: string): Promise<string> {
  fs.mkdirSync(folder, { recursive: true });
  // Both tar programs of the supported systems tell the archive's kind by themselves; only macOS is given zip files.
  const { code, stderr } = await run("tar", ["-xf", archive, "-C", folder, member], { timeoutMs: unpackTimeoutMs });
  if (code === 0) return path.join(folder, member);
  throw new Unavailable(`${path.basename(archive)} cannot be unpacked: ${stderr.trim()}`);
}
