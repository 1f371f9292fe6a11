import fs from "node:fs/promises";
import path from "node:path";
import { constants, gunzipSync } from "node:zlib";

/** The first bytes of a gzip file. */
const gzipMagic = Buffer.from([0x1f, 0x8b]);

/** Where a secret may have gone: files in folders, and texts by a name that errors can show. */
export interface Places {
  readonly folders: readonly string[];
  readonly texts: Readonly<Record<string, string>>;
}

/** Returns the files, compressed ones included, and texts that hold the secret, plain or inside anything that was base64-encoded. */
export async function findLeaks(secret: string, { folders, texts }: Places): Promise<string[]> {
  const needles = [secret, ...base64Forms(secret)];
  const holds = (content: Buffer) => needles.some((needle) => content.includes(needle));
  const files = (await Promise.all(folders.map(regularFiles))).flat();
  const leakyFiles: string[] = [];
  for (const file of files) {
    if (holds(decompressed(await fs.readFile(file)))) leakyFiles.push(file);
  }
  const leakyTexts = Object.keys(texts).filter((name) => holds(Buffer.from(texts[name] ?? "")));
  return [...leakyFiles, ...leakyTexts];
}

/** Returns the content, as much of it as there is where it is compressed: who writes it may have been killed. */
function decompressed(content: Buffer): Buffer {
  const isGzip = content.subarray(0, 2).equals(gzipMagic);
  return isGzip ? gunzipSync(content, { finishFlush: constants.Z_SYNC_FLUSH }) : content;
}

/** Base64 of the secret at each of the three places it can have in a group, less the characters its neighbours share. */
function base64Forms(secret: string): string[] {
  return [0, 1, 2].map((before) => {
    const encoded = Buffer.concat([Buffer.alloc(before), Buffer.from(secret)]).toString("base64");
    const sharedStart = [0, 2, 3][before];
    const sharedEnd = /==$/.test(encoded) ? 3 : /=$/.test(encoded) ? 2 : 0;
    return encoded.slice(sharedStart, encoded.length - sharedEnd);
  });
}

async function regularFiles(folder: string): Promise<string[]> {
  const entries = await fs.readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
}
