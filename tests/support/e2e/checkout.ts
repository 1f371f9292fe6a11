import fs from "node:fs/promises";
import path from "node:path";
import { run } from "../../../tools/run";

const checkout = path.join(__dirname, "../../..");

/**
 * Copies what a commit of this checkout would hold into `folder`, with its npm packages linked, so that a test may write
 * stack files as a user would.
 *
 * @throws when the checkout is no git repository: nothing else says what belongs to it.
 */
export async function copyCheckout(folder: string): Promise<void> {
  const files = await checkedInFiles();
  await Promise.all(files.map((file) => copyUnlessDeleted(path.join(checkout, file), path.join(folder, file))));
  await fs.symlink(path.join(checkout, "node_modules"), path.join(folder, "node_modules"));
}

/** Replaces what a file says, as somebody at work on the program would. Throws when the file does not say it. */
export async function edit(file: string, pattern: RegExp, replacement: string): Promise<void> {
  const text = await fs.readFile(file, "utf8");
  const changed = text.replace(pattern, replacement);
  if (changed === text) {
    throw new Error(`${file} has nothing like ${pattern}`);
  }
  await fs.writeFile(file, changed);
}

async function checkedInFiles(): Promise<string[]> {
  const args = ["ls-files", "--cached", "--others", "--exclude-standard", "-z"];
  const { code, stdout, stderr } = await run("git", args, { cwd: checkout });
  if (code !== 0) {
    throw new Error(`end-to-end tests copy the files that git knows, and ${checkout} is no git repository: ${stderr}`);
  }
  return stdout.split("\0").filter((file) => file !== "");
}

async function copyUnlessDeleted(from: string, to: string): Promise<void> {
  await fs.mkdir(path.dirname(to), { recursive: true });
  await fs.copyFile(from, to).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
  });
}
