import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { definitions } from "./definitions";
import {
  type Checksums,
  checksumKey,
  checksumsFile,
  committedChecksums,
  fileName,
  hashOf,
  readChecksums,
} from "./sources/checksums";
import { Unavailable } from "./sources/job";
import { downloadRelease, expectedChecksum, unpack } from "./sources/release";
import { createReleaseHosts, type ReleaseHosts } from "./sources/releaseHosts";
import { type Release, supportedPlatforms } from "./tool";

export interface WriteChecksumsOptions {
  /** The releases to write checksums of. Default: those of every tool for every platform. */
  readonly releases?: readonly Release[];
  /** Default: the committed file. */
  readonly file?: string;
  /** Receives each line of progress. Default: printed on stdout. */
  readonly log?: (line: string) => void;
}

/**
 * Downloads every release, compares it with the checksum that was committed before, else with the published one, if any,
 * and writes the SHA-256 of each, and of each executable in it, into the committed file, sorted. Entries of releases that
 * are no longer pinned go.
 *
 * @throws with every release that could not be had or has another checksum. Nothing is written then.
 */
export async function writeChecksums(options: WriteChecksumsOptions = {}): Promise<void> {
  const { releases = allReleases(), file = committedChecksums, log = console.log } = options;
  const before = readChecksums(file);
  const hosts = createReleaseHosts();
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "datasets-server-checksums-"));
  const written: [key: string, hash: string][] = [];
  const issues: string[] = [];
  const urls = new Set(releases.map(({ url }) => url));
  try {
    for (const url of urls) {
      try {
        const inOneFile = releases.filter((release) => release.url === url);
        written.push(...(await checkedHashes(inOneFile, hosts, before, folder)));
        log(`  ${fileName(url)}`);
      } catch (error) {
        if (!(error instanceof Unavailable)) throw error;
        issues.push(`  ${url}: ${error.message}`);
      }
    }
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
  if (issues.length > 0) {
    throw new Error(
      [
        `${issues.length} of ${urls.size} releases have no checksum, and ${checksumsFile} stays as it was:`,
        ...issues,
        "Next: run the command where the hosts of the releases can be reached. A release that has changed since its checksum",
        "was committed may be an attack: ask its project before you remove the entry.",
      ].join("\n"),
    );
  }
  written.sort(([left], [right]) => (left < right ? -1 : 1));
  fs.writeFileSync(file, `${JSON.stringify(Object.fromEntries(written), null, 2)}\n`);
}

function allReleases(): Release[] {
  return Object.values(definitions).flatMap(({ release }) =>
    supportedPlatforms.map((platform) => release?.(platform)).filter((found) => found !== undefined),
  );
}

/** Returns the SHA-256 of one release's file and of each executable in it, by their keys. */
async function checkedHashes(
  releases: readonly Release[],
  hosts: ReleaseHosts,
  committed: Checksums,
  folder: string,
): Promise<[key: string, hash: string][]> {
  const [first] = releases;
  if (first === undefined) return [];
  const expected = await expectedChecksum(first, hosts, committed);
  const file = await downloadRelease(first.url, folder, hosts, expected);
  const hashes: [string, string][] = [[first.url, await hashOf(file, "sha256")]];
  const unpacked = path.join(folder, "unpacked");
  for (const release of releases) {
    if (release.member === undefined) continue;
    const executable = await unpack(file, release.member, unpacked);
    hashes.push([checksumKey(release), await hashOf(executable, "sha256")]);
  }
  fs.rmSync(file);
  fs.rmSync(unpacked, { recursive: true, force: true });
  return hashes;
}
