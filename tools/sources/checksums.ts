import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { z } from "zod";
import { currentPlatform, type Release, type Tool } from "../tool";
import { Unavailable } from "./job";

/** The committed checksums, as messages name them. */
export const checksumsFile = "tools/checksums.json";

export const committedChecksums = path.join(__dirname, "../checksums.json");

/** The SHA-256 of each release by its address, which names its version, and of each executable in it by `checksumKey`. */
const checksumsSchema = z.record(z.url(), z.string().regex(/^[0-9a-f]{64}$/));

export type Checksums = z.infer<typeof checksumsSchema>;

export interface Checksum {
  readonly algorithm: "sha256" | "sha512";
  /** In hexadecimal. */
  readonly hash: string;
}

/** Returns the key of a release's executable: the address, with the path in the archive where it is one. */
export function checksumKey({ url, member }: Release): string {
  return member === undefined ? url : `${url}#${member}`;
}

/** Reads our own checksums. */
export function readChecksums(file = committedChecksums): Checksums {
  return checksumsSchema.parse(JSON.parse(fs.readFileSync(file, "utf8")));
}

/**
 * Returns the checksum of a file out of the text that its project publishes: lines `<hash> <file>`, or only the hash.
 *
 * @throws Unavailable when the text has none of it that is trusted, such as a SHA-1.
 */
export function publishedChecksum(text: string, checksumsUrl: string, file: string): Checksum {
  const lines = text
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/[\s*/]+/));
  const ofFile = lines.length === 1 && lines[0]?.length === 1 ? lines[0] : lines.find((line) => line.at(-1) === file);
  const hash = ofFile?.[0]?.toLowerCase() ?? "";
  if (/^[0-9a-f]{64}$/.test(hash)) return { algorithm: "sha256", hash };
  if (/^[0-9a-f]{128}$/.test(hash)) return { algorithm: "sha512", hash };
  throw new Unavailable(`${checksumsUrl} has no SHA-256 or SHA-512 of ${file}`);
}

/**
 * Compares a tool's executable with the committed checksum of the one in its release.
 *
 * @returns what is wrong; undefined when it is the released one.
 */
export async function releaseMismatch(
  { release }: Tool,
  executable: string,
  checksums: Checksums,
): Promise<string | undefined> {
  const released = release?.(currentPlatform());
  if (released === undefined) return "it has no release for this platform";
  const expected = checksums[checksumKey(released)];
  if (expected === undefined) return `${checksumsFile} has nothing of ${checksumKey(released)}`;
  const actual = await hashOf(executable, "sha256");
  return actual === expected ? undefined : `its sha256 is ${actual}, and its release has ${expected}: ${executable}`;
}

/** Returns the last part of a URL's path. */
export function fileName(url: string): string {
  return path.posix.basename(new URL(url).pathname);
}

/** Returns the hash of a file in hexadecimal. */
export async function hashOf(file: string, algorithm: Checksum["algorithm"]): Promise<string> {
  const hash = createHash(algorithm);
  await pipeline(fs.createReadStream(file), hash);
  return hash.digest("hex");
}
