import { copyFile, mkdtemp, rm } from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";

/**
 * Runs `action` in a temporary project: a folder with copies of files, by the names they have there. What Pulumi writes
 * beside them reaches no checkout; the folder is removed however it ends.
 */
export async function inTemporaryProject(
  files: Readonly<Record<string, string>>,
  action: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "datasets-server-stack-"));
  try {
    for (const [name, file] of Object.entries(files)) {
      await copyFile(file, path.join(folder, name));
    }
    await action(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
