import { setTimeout as sleep } from "node:timers/promises";
import { stripVTControlCharacters } from "node:util";
import { ConcurrentUpdateError } from "@pulumi/pulumi/automation";
import { UserError } from "../../cluster/userError";
import { attempt, type Engine, ended, stateOf } from "../lib/engine";
import { withAuthor } from "./author";
import { describeLock, readLocks, unlockCommand } from "./locks";
import { openStore } from "./store";

/** How long a run waits that met another one at the same moment; milliseconds. */
const retryAfterMs = { shortest: 3_000, longest: 10_000 } as const;

/**
 * What Pulumi says of a lock that it met. The library makes its ConcurrentUpdateError of the same words; flags after `--` and
 * a live display keep runs on the terminal from going through it, and no exit code of Pulumi's means a lock.
 */
export const lockedByOthers = "the stack is currently locked by";

/** A run of Pulumi on this terminal met a lock. */
class MetLock extends Error {}

/** A change of a stack that Pulumi began and did not end well; the terminal already has its words. */
export class UpdateFailed extends UserError {
  /**
   * @param said what Pulumi printed, secrets included: to be searched, and never to be shown.
   */
  constructor(
    { message, next }: UserError,
    readonly said: string,
  ) {
    super(message, next);
  }
}

/**
 * Runs a command of Pulumi that changes a stack, on this terminal, as `changeStack` does.
 *
 * @throws an UpdateFailed when the command fails.
 */
export function update(engine: Engine, stack: string, args: readonly string[]): Promise<void> {
  return changeStack(engine, stack, async () => {
    const { code, stdout, stderr } = await attempt(engine, withAuthor(args, engine.environment));
    if (code === 0) return;
    if (stderr.includes(lockedByOthers)) throw new MetLock();
    const said = stdout + stderr;
    throw new UpdateFailed(ended(args, code, said), stripVTControlCharacters(said));
  });
}

/**
 * Changes a stack. Removes no lock.
 *
 * Pulumi checks for locks, writes its own and checks again: of two runs that start at the same moment both may give up. So
 * a run that was free to start, and then met a lock, tries once more after a random wait.
 *
 * @throws when the stack is locked, saying by whom, and when the change fails.
 */
export async function changeStack<T>(engine: Engine, stack: string, change: () => Promise<T>): Promise<T> {
  await requireUnlocked(engine, stack);
  try {
    return await change();
  } catch (error) {
    rethrowUnlessLocked(error);
  }
  const { shortest, longest } = retryAfterMs;
  const waitMs = shortest + Math.random() * (longest - shortest);
  console.log(
    `another run of stack ${stack} began at the same moment; trying once more in ${Math.ceil(waitMs / 1000)} s`,
  );
  await sleep(waitMs);
  await requireUnlocked(engine, stack);
  try {
    return await change();
  } catch (error) {
    rethrowUnlessLocked(error);
  }
  await requireUnlocked(engine, stack);
  throw new UserError(`other runs of stack ${stack} began at the same moments twice`, "run this again");
}

function rethrowUnlessLocked(error: unknown): void {
  if (!(error instanceof MetLock || error instanceof ConcurrentUpdateError)) throw error;
}

/**
 * Makes sure that no run holds a stack.
 *
 * @throws when one does, or was killed and left its lock: whose it is, since when, and what to do.
 */
export async function requireUnlocked(engine: Engine, stack: string): Promise<void> {
  const address = stateOf(engine);
  const locks = await readLocks(await openStore(address), stack);
  if (locks.length === 0) return;
  const now = new Date();
  const holders = locks.map((lock) => describeLock(lock, now)).join(", and ");
  throw new UserError(
    `stack ${stack} is locked by ${holders}; no changes were made`,
    "let that run end, and run this again. If it was killed, ask that person or look at that CI run; when it is " +
      `certain that it has ended: ${unlockCommand(stack, address)}`,
  );
}
