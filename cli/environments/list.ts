import { z } from "zod";
import { table } from "../lib/table";
import { describeLock, readLocks } from "../state/locks";
import { deployedPlace } from "./capacity";
import type { Target } from "./input";
import { listEnvironments, parametersOf } from "./inventory";
import { openPlace } from "./place";

/** What `ds pr list --json` prints: a pull request's environment. */
export const listedEnvironment = z.strictObject({
  number: z.number().describe("the pull request's"),
  imageTag: z.string().optional().describe("what it runs"),
  headSha: z.string().optional().describe("the commit that it was brought up for"),
  author: z.string().optional(),
  title: z.string().optional(),
  expires: z.string().optional().describe("until when it stays; absent where it never came up"),
  loadBalancer: z.string().optional().describe("where its rules are as long as it lives"),
  damaged: z.string().optional().describe("the key of its state, where that cannot be read"),
  locks: z.array(z.string()).describe("who holds a lock on it, since when"),
});

type Listed = z.infer<typeof listedEnvironment>;

/** Prints every environment: what it runs, whose it is and until when it stays. */
export async function environmentList(workspace: string, target: Target, json: boolean): Promise<void> {
  const { engine, store } = await openPlace(workspace, target, "look");
  const listed: Listed[] = [];
  for (const { identity, ingresses, damaged } of await listEnvironments(store)) {
    const locks = (await readLocks(store, identity.stack)).map((lock) => describeLock(lock, new Date()));
    const { firstOrder: _, ...parameters } = await parametersOf(engine, identity);
    // One from before places were recorded.
    const deployed = deployedPlace(ingresses);
    const where = deployed && { loadBalancer: deployed.loadBalancer };
    listed.push({ number: identity.number, ...where, ...parameters, ...(damaged && { damaged }), locks });
  }
  console.log(json ? JSON.stringify(listed, undefined, 2) : environmentTable(listed));
}

/** The environments as a table. */
export function environmentTable(listed: readonly Listed[]): string {
  const rows = listed.map(({ number, damaged, locks, ...parameters }) => {
    const { imageTag = "", title = "", author = "", headSha = "", expires = "unknown", loadBalancer = "" } = parameters;
    const notes = [...(damaged ? [`damaged state: ${damaged}`] : []), ...locks.map((lock) => `locked by ${lock}`)];
    return [String(number), imageTag, headSha.slice(0, 12), author, expires, loadBalancer, title, notes.join("\n")];
  });
  return table(["PR", "image tag", "commit", "author", "until", "load balancer", "title", ""], rows);
}
