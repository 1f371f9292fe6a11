import { table } from "../lib/table";
import { describeLock, readLocks } from "../state/locks";
import type { Target } from "./input";
import { listEnvironments, parametersOf } from "./inventory";
import { openPlace } from "./place";

/** Prints every environment: what it runs, whose it is and until when it stays. */
export async function environmentList(workspace: string, target: Target): Promise<void> {
  const { engine, store } = await openPlace(workspace, target, "look");
  const rows: string[][] = [];
  for (const { identity, damaged } of await listEnvironments(store)) {
    const { stack, number } = identity;
    const parameters = await parametersOf(engine, identity);
    const { imageTag = "", title = "", author = "", headSha = "", expires = "unknown" } = parameters;
    const locks = await readLocks(store, stack);
    const held = locks.map((lock) => `locked by ${describeLock(lock, new Date())}`);
    const notes = [...(damaged ? [`damaged state: ${damaged}`] : []), ...held];
    rows.push([String(number), imageTag, headSha.slice(0, 12), author, expires, title, notes.join("\n")]);
  }
  console.log(table(["PR", "image tag", "commit", "author", "until", "title", ""], rows));
}
