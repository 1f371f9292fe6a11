import fs from "node:fs";
import path from "node:path";
import { run } from "../run";
import { ReleaseUnavailable } from "./releaseHosts";

const unpackTimeoutMs = 120_000;

/**
 * Unpacks one file of an archive into `folder`, and returns its path there.
 *
 * @throws ReleaseUnavailable
 */
export async function unpack(archive: string, member: string, folder: string): Promise<string> {
  fs.mkdirSync(folder, { recursive: true });
  // Both tar programs of the supported systems tell the archive's kind by themselves; only macOS is given zip files.
  const result = await run("tar", ["-xf", archive, "-C", folder, member], { timeoutMs: unpackTimeoutMs });
  if (result.code === 0) return path.join(folder, member);
  throw new ReleaseUnavailable(`${path.basename(archive)} cannot be unpacked: ${result.stderr.trim()}`);
}
