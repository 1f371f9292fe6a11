import fs from "node:fs/promises";
import path from "node:path";

/** The files of a folder, less its packages and its repository, as they were at a moment. */
export class Snapshot {
  private constructor(
    private readonly folder: string,
    private readonly texts: ReadonlyMap<string, string>,
  ) {}

  static async of(folder: string): Promise<Snapshot> {
    return new Snapshot(folder, await readFiles(folder));
  }

  /** Returns the files that were changed, added or removed since. */
  async changed(): Promise<string[]> {
    const now = await readFiles(this.folder);
    return [...new Set([...this.texts.keys(), ...now.keys()])].filter((file) => now.get(file) !== this.texts.get(file));
  }

  /** Puts the files back to what they were. */
  async restore(): Promise<void> {
    for (const name of await this.changed()) {
      const text = this.texts.get(name);
      const file = path.join(this.folder, name);
      await (text === undefined ? fs.rm(file) : fs.writeFile(file, text));
    }
  }
}

async function readFiles(folder: string): Promise<Map<string, string>> {
  const entries = await fs.readdir(folder, { withFileTypes: true });
  const texts = new Map<string, string>();
  for (const entry of entries) {
    const file = path.join(folder, entry.name);
    if (entry.isFile()) {
      texts.set(entry.name, await fs.readFile(file, "utf8"));
    } else if (entry.isDirectory() && entry.name !== ".git") {
      for (const [name, text] of await readFiles(file)) texts.set(path.join(entry.name, name), text);
    }
  }
  return texts;
}
