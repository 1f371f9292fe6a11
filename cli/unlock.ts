import { UserError } from "../cluster/userError";
import { confirm } from "./lib/confirm";
import { engineFor, stateOf } from "./lib/engine";
import { describeLock, readLocks, unlockCommand } from "./state/locks";
import { openStore, type StateStore } from "./state/store";

/** Answers a question of yes or no. */
export type Confirm = (question: string) => Promise<boolean>;

/**
 * Shows whose each lock of a stack is and how old, and removes those that the user says yes to. With `yes` it does not ask. `local`: the state of
 * an environment on the local cluster.
 *
 * @throws when a lock stays, and when there is no terminal to ask at.
 */
export async function unlock(
  workspace: string,
  stack: string,
  { local, yes }: { readonly local: boolean; readonly yes: boolean },
): Promise<void> {
  const address = stateOf(await engineFor(workspace, local ? "local" : stack));
  const command = unlockCommand(stack, address);
  await removeLocks(await openStore(address), stack, yes ? async () => true : (question) => ask(question, command));
}

/**
 * Removes the locks of a stack, each when it is confirmed, and no lock that is taken meanwhile.
 *
 * @throws when one is not confirmed; it stays, and so do those after it.
 */
export async function removeLocks(store: StateStore, stack: string, confirm: Confirm): Promise<void> {
  const locks = await readLocks(store, stack);
  if (locks.length === 0) {
    console.log(`stack ${stack} is not locked`);
    return;
  }
  for (const lock of locks) {
    const holder = describeLock(lock, new Date());
    console.log(`stack ${stack} is locked by ${holder}`);
    if (!(await confirm("Has that run ended for certain, and is its lock to be removed?"))) {
      throw new UserError(
        `the lock of ${holder} stays; no changes were made to it`,
        "let that run end; or run this again when it is certain that it has ended",
      );
    }
    await store.remove(lock.key);
    console.log(`removed the lock of ${holder}`);
  }
}

async function ask(question: string, command: string): Promise<boolean> {
  if (!process.stdin.isTTY) {
    throw new UserError(
      "there is no terminal to ask at; no changes were made",
      "ask that person or look at that CI run: two updates at once overwrite each other's state. When it is " +
        `certain that it has ended: ${command} --yes`,
    );
  }
  console.log("Two updates at once overwrite each other's state.");
  return confirm(question);
}
