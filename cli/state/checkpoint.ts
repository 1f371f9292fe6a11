import { z } from "zod";
import { projectName } from "../../config/accounts";
import { parseJson } from "../lib/json";
import type { StateStore } from "./store";

/** What of a stack's state commands read. */
const content = z.object({
  checkpoint: z.object({
    latest: z
      .object({
        manifest: z.object({ time: z.string() }).optional(),
        resources: z
          .array(z.object({ urn: z.string(), type: z.string(), inputs: z.looseObject({}).optional() }))
          .nullish(),
        pending_operations: z.array(z.unknown()).nullish(),
      })
      .nullish(),
  }),
});

/** Where the states of stacks are, each as `<stack>.json` with further files beside it. */
export const stacksFolder = `.pulumi/stacks/${projectName}/`;

/** The key of a stack's state. */
export function checkpointKey(stack: string): string {
  return `${stacksFolder}${stack}.json`;
}

/** A stack's state as Pulumi wrote it; undefined when it is damaged. An empty one is that of a stack never updated. */
export function parseCheckpoint(text: string) {
  const parsed = content.safeParse(parseJson(text));
  return parsed.success ? (parsed.data.checkpoint.latest ?? {}) : undefined;
}

/** The keys of the copies that Pulumi keeps of a stack's state, the latest first: one of each write, one of each update. */
export async function savedCheckpoints(store: StateStore, stack: string): Promise<string[]> {
  const backup = `${checkpointKey(stack)}.bak`;
  const history = await store.list(`.pulumi/history/${projectName}/${stack}/`);
  // Their names hold their time, in nanoseconds.
  const updates = history.filter((key) => key.endsWith(".checkpoint.json")).sort();
  return [backup, ...updates.reverse()];
}

/** Returns the keys of all that Pulumi keeps of a stack, but for its locks, which only their owner or `ds unlock` removes. */
export async function listStackKeys(store: StateStore, stack: string): Promise<string[]> {
  const folders = [`history/${projectName}`, `backups/${projectName}`];
  const keys = await Promise.all([
    ...folders.map((folder) => store.list(`.pulumi/${folder}/${stack}/`)),
    // Last: while it is there, so is the stack.
    store.list(stacksFolder, `${stack}.`),
  ]);
  return keys.flat();
}
