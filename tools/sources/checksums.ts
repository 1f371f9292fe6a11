import { createHash } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { z } from "zod";
import { type Release, supportedPlatforms } from "../part";
import { parts } from "../parts";
import { createReleaseHosts, type ReleaseHosts, ReleaseUnavailable } from "./releaseHosts";

/** The committed checksums, as messages name them. */
export const checksumsFile = "tools/checksums.json";

const committedFile = path.join(__dirname, "../checksums.json");

/** The SHA-256 of each release, by its address, which names its version. */
const committedChecksums = z.record(z.url(), z.string().regex(/^[0-9a-f]{64}$/));

export type Checksums = z.infer<typeof committedChecksums>;

export interface Checksum {
  readonly algorithm: "sha256" | "sha512";
  /** In hexadecimal. */
  readonly hash: string;
}

/** The hash functions that are trusted, by the length of the hash in hexadecimal. */
const algorithmByLength: ReadonlyMap<number, Checksum["algorithm"]> = new Map([
  [64, "sha256"],
  [128, "sha512"],
]);

/** Reads our own checksums. */
export function readChecksums(file = committedFile): Checksums {
  return committedChecksums.parse(JSON.parse(fs.readFileSync(file, "utf8")));
}

/**
 * Returns the checksum of a release out of the text that its project publishes.
 *
 * @throws ReleaseUnavailable when the text has none of it that is trusted, such as a SHA-1.
 */
export function publishedChecksum(
  text: string,
  { url, checksumsUrl }: Required<Pick<Release, "url" | "checksumsUrl">>,
): Checksum {
  const lines = text.trim().split("\n");
  const isOnlyHash = lines.length === 1 && /^[0-9a-f]+$/i.test(text.trim());
  const line = isOnlyHash
    ? lines[0]
    : lines.find(
        (each) =>
          each
            .trim()
            .split(/[\s*/]+/)
            .at(-1) === fileName(url),
      );
  const hash = line?.trim().split(/\s+/)[0]?.toLowerCase() ?? "";
  const algorithm = algorithmByLength.get(hash.length);
  if (algorithm === undefined || !/^[0-9a-f]+$/.test(hash)) {
    throw new ReleaseUnavailable(`${checksumsUrl} has no SHA-256 or SHA-512 of ${fileName(url)}`);
  }
  return { algorithm, hash };
}

export function fileName(url: string): string {
  return path.posix.basename(new URL(url).pathname);
}

/** Returns the hash of a file in hexadecimal. */
export async function hashOf(file: string, algorithm: Checksum["algorithm"]): Promise<string> {
  const hash = createHash(algorithm);
  await pipeline(fs.createReadStream(file), hash);
  return hash.digest("hex");
}

export interface WriteChecksumsOptions {
  /** The releases to write checksums of. Default: those of every tool for every platform. */
  readonly releases?: readonly Release[];
  /** Default: the committed file. */
  readonly file?: string;
  /** Receives each line of progress. Default: printed on stdout. */
  readonly log?: (line: string) => void;
}

/**
 * Downloads every release, compares it with the checksum that is published with it, if any, and writes the SHA-256 of each
 * into the committed file, sorted. Entries of releases that are no longer pinned go.
 *
 * @throws with every release that could not be had, differs from what is published, or is no longer the file of which the
 * checksum was committed before. Nothing is written then.
 */
export async function writeChecksums(options: WriteChecksumsOptions = {}): Promise<void> {
  const { releases = allReleases(), file = committedFile, log = console.log } = options;
  const before = readChecksums(file);
  const hosts = createReleaseHosts(log);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "datasets-server-checksums-"));
  const written: Checksums = {};
  const issues: string[] = [];
  try {
    for (const release of releases) {
      try {
        const hash = await checkedHash(hosts, release, { folder, committed: before[release.url] });
        written[release.url] = hash;
        log(`  ${hash}  ${fileName(release.url)}`);
      } catch (error) {
        if (!(error instanceof ReleaseUnavailable)) throw error;
        issues.push(`  ${release.url}: ${error.message}`);
      }
    }
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
  if (issues.length > 0) {
    throw new Error(
      [
        `${issues.length} of ${releases.length} releases have no checksum, and ${checksumsFile} stays as it was:`,
        ...issues,
        "Next: run the command where the hosts of the releases can be reached. A release that has changed since its checksum",
        "was committed may be an attack: ask its project before you remove the entry.",
      ].join("\n"),
    );
  }
  const sorted = Object.fromEntries(Object.entries(written).sort(([left], [right]) => (left < right ? -1 : 1)));
  fs.writeFileSync(file, `${JSON.stringify(sorted, null, 2)}\n`);
}

/** Every release of every tool, once. */
function allReleases(): Release[] {
  const byUrl = new Map<string, Release>();
  for (const { release } of Object.values(parts)) {
    for (const platform of supportedPlatforms) {
      const found = release?.(platform);
      if (found !== undefined) byUrl.set(found.url, found);
    }
  }
  return [...byUrl.values()];
}

interface CheckedAgainst {
  readonly folder: string;
  /** The checksum of this release as it was committed before, if it was. */
  readonly committed: string | undefined;
}

async function checkedHash(
  hosts: ReleaseHosts,
  release: Release,
  { folder, committed }: CheckedAgainst,
): Promise<string> {
  const { url, checksumsUrl } = release;
  if (hosts.isOpenToChange(url)) {
    throw new ReleaseUnavailable("it would come over plain http, where it can be changed on its way");
  }
  const file = path.join(folder, fileName(url));
  await hosts.file(url, file);
  const hash = await hashOf(file, "sha256");
  if (committed !== undefined && committed !== hash) {
    throw new ReleaseUnavailable(`its sha256 is ${hash}, and was ${committed} when that was committed`);
  }
  if (checksumsUrl !== undefined) {
    const published = publishedChecksum(await hosts.text(checksumsUrl), { url, checksumsUrl });
    const actual = await hashOf(file, published.algorithm);
    if (actual !== published.hash) {
      throw new ReleaseUnavailable(`its ${published.algorithm} is ${actual}, published is ${published.hash}`);
    }
  }
  fs.rmSync(file);
  return hash;
}
