import { createHash } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { z } from "zod";
import { type Release, supportedPlatforms } from "../part";
import { parts } from "../parts";
import { unpack } from "./archive";
import { createReleaseHosts, type ReleaseHosts, ReleaseUnavailable } from "./releaseHosts";

/** The committed checksums, as messages name them. */
export const checksumsFile = "tools/checksums.json";

const committedFile = path.join(__dirname, "../checksums.json");

/** The SHA-256 of each release by its address, which names its version, and of each executable in it by `checksumKey`. */
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

/** Returns the key of a release's executable: the address, with the path in the archive where it is one. */
export function checksumKey({ url, member }: Release): string {
  return member === undefined ? url : `${url}#${member}`;
}

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
 * Downloads every release, compares it with the checksum that is published with it, if any, and writes the SHA-256 of each,
 * and of each executable in it, into the committed file, sorted. Entries of releases that are no longer pinned go.
 *
 * @throws with every release that could not be had, differs from what is published, or is no longer the file of which the
 * checksum was committed before. Nothing is written then.
 */
export async function writeChecksums(options: WriteChecksumsOptions = {}): Promise<void> {
  const { releases = allReleases(), file = committedFile, log = console.log } = options;
  const before = readChecksums(file);
  const hosts = createReleaseHosts(log);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "datasets-server-checksums-"));
  const written: Record<string, string> = {};
  const issues: string[] = [];
  const urls = new Set(releases.map(({ url }) => url));
  try {
    for (const url of urls) {
      try {
        const inOneFile = releases.filter((release) => release.url === url);
        const hashes = await checkedHashes(hosts, inOneFile, folder);
        for (const [key, hash] of Object.entries(hashes)) {
          const committed = before[key];
          if (committed !== undefined && committed !== hash) {
            throw new ReleaseUnavailable(`its sha256 is ${hash}, and was ${committed} when that was committed`);
          }
        }
        Object.assign(written, hashes);
        log(`  ${written[url]}  ${fileName(url)}`);
      } catch (error) {
        if (!(error instanceof ReleaseUnavailable)) throw error;
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
  const sorted = Object.fromEntries(Object.entries(written).sort(([left], [right]) => (left < right ? -1 : 1)));
  fs.writeFileSync(file, `${JSON.stringify(sorted, null, 2)}\n`);
}

/** Every release of every tool. */
function allReleases(): Release[] {
  return Object.values(parts).flatMap(({ release }) =>
    supportedPlatforms.map((platform) => release?.(platform)).filter((found) => found !== undefined),
  );
}

/** The SHA-256 of a release's file and of each executable in it, by their keys; the file is compared with what is published. */
async function checkedHashes(hosts: ReleaseHosts, releases: readonly Release[], folder: string): Promise<Checksums> {
  const [first] = releases;
  if (first === undefined) return {};
  const { url, checksumsUrl } = first;
  if (hosts.isOpenToChange(url)) {
    throw new ReleaseUnavailable("it would come over plain http, where it can be changed on its way");
  }
  const file = path.join(folder, fileName(url));
  await hosts.file(url, file);
  if (checksumsUrl !== undefined) {
    const published = publishedChecksum(await hosts.text(checksumsUrl), { url, checksumsUrl });
    const actual = await hashOf(file, published.algorithm);
    if (actual !== published.hash) {
      throw new ReleaseUnavailable(`its ${published.algorithm} is ${actual}, published is ${published.hash}`);
    }
  }
  const hashes: Record<string, string> = { [url]: await hashOf(file, "sha256") };
  for (const release of releases) {
    if (release.member === undefined) continue;
    const executable = await unpack(file, release.member, path.join(folder, "unpacked"));
    hashes[checksumKey(release)] = await hashOf(executable, "sha256");
  }
  fs.rmSync(file);
  fs.rmSync(path.join(folder, "unpacked"), { recursive: true, force: true });
  return hashes;
}
