import { UserError } from "../cluster/userError";
import { checkSecrets, secretsKeeper } from "./deploy";
import { hideSecrets } from "./lib/decryption";
import { engineFor, stateOf } from "./lib/engine";
import { checkpointKey, parseCheckpoint, savedCheckpoints } from "./state/checkpoint";
import { openStore, type StateStore } from "./state/store";
import { requireUnlocked, update } from "./state/update";

/**
 * Replaces a state of a stack that cannot be read by the last one that can, keeps the damaged one beside it, and has Pulumi
 * look at what became of the objects in it. One that can be read stays.
 *
 * @throws when the stack is locked, and when no state of it can be read.
 */
export async function restoreState(workspace: string, stack: string): Promise<void> {
  if (stack.startsWith("pr-")) {
    throw new UserError(
      `${stack} is a pull request's environment, which is removed and recreated`,
      `ds pr down ${stack.slice("pr-".length)}, which needs no state; then ds pr up`,
    );
  }
  const engine = await engineFor(workspace, stack, { withProgram: true });
  await checkSecrets(secretsKeeper(stack));
  await requireUnlocked(engine, stack);
  const store = await openStore(stateOf(engine));
  const restored = await putBack(store, stack);
  if (restored === undefined) {
    console.log(`the state of stack ${stack} can be read; it stays as it is`);
    return;
  }
  if (restored.damaged !== undefined) console.log(`the damaged state is kept as ${restored.damaged}`);
  console.log(`the state of stack ${stack} is again that of ${restored.from}`);
  await hideSecrets(engine, stack);
  await update(engine, stack, ["refresh", "--stack", stack, "--yes", "--skip-preview", "--non-interactive"]);
  console.log(
    `Next: ${stack === "local" ? "ds up" : `ds deploy ${stack}`}, which takes up what that state does not have`,
  );
}

/** What was done about a damaged state. */
interface Restored {
  /** Where the good one was found. */
  readonly from: string;
  /** The key of the damaged one, unless the state was gone. */
  readonly damaged?: string;
}

/**
 * Writes the last state of a stack that can be read over one that cannot, or is gone. Undefined: it can be read and stays.
 *
 * @throws when no state of it can be read; nothing was written then.
 */
export async function putBack(store: StateStore, stack: string): Promise<Restored | undefined> {
  const key = checkpointKey(stack);
  const text = await store.read(key);
  if (text !== undefined && parseCheckpoint(text) !== undefined) return undefined;
  const good = await lastGoodState(store, stack);
  // Pulumi lists what ends in .json only.
  const damaged = `${key}.damaged`;
  if (text !== undefined) await store.write(damaged, text);
  await store.write(key, good.text);
  return { from: good.from, ...(text !== undefined && { damaged }) };
}

/** Looks at the versions that the bucket keeps first: each is newer than what Pulumi has copied. */
async function lastGoodState(store: StateStore, stack: string): Promise<{ text: string; from: string }> {
  const key = checkpointKey(stack);
  const versions = (await store.versions(key)).map(({ written, read }) => ({ from: `version of ${written}`, read }));
  const copies = (await savedCheckpoints(store, stack)).map((copy) => ({ from: copy, read: () => store.read(copy) }));
  const candidates = [...versions, ...copies];
  for (const { from, read } of candidates) {
    const text = await read();
    if (text !== undefined && parseCheckpoint(text) !== undefined) return { text, from };
  }
  throw new UserError(
    `none of ${candidates.length} earlier states of stack ${stack} can be read; no changes were made`,
    "docs/runbook.md, Damaged state, says how to go on without one",
  );
}
