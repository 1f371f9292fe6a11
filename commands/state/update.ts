import { setTimeout as sleep } from "node:timers/promises";
import { attempt, type Engine, ended, stateOf } from "../engine";
import { projectFolder } from "../project";
import { signed } from "./author";
import { endLeftovers } from "./leftovers";
import { describeLock, type Lock, lockState, readLocks, thisMachine } from "./locks";
import { openStore, type StateStore } from "./store";

/** How long a refused run waits before it tries once more, from and to; milliseconds. */
const retryAfterMs = [3_000, 10_000] as const;

/** What the engine says of a lock that it met. */
const lockedByOthers = "the stack is currently locked by";

/**
 * Runs a command of the engine that changes a stack. Locks of runs that died on this machine are removed first.
 *
 * The engine checks for locks, writes its own and checks again: two runs never go on together, but both may give up. So
 * a run that met a lock tries once more, after a random wait.
 *
 * @throws when the stack stays locked, saying by whom, and when the command fails.
 */
export async function update(engine: Engine, stack: string, args: readonly string[]): Promise<void> {
  const store = await openStore(stateOf(engine));
  const first = await tryOnce(engine, store, stack, args);
  if (first === "done") return;
  const waitMs = randomBetween(...retryAfterMs);
  console.log(`stack ${stack} is locked${by(first)}`);
  console.log(`trying once more in ${Math.ceil(waitMs / 1000)} s`);
  await sleep(waitMs);
  const second = await tryOnce(engine, store, stack, args);
  if (second === "done") return;
  throw new Error(`stack ${stack} is still locked${by(second)}; nothing was touched\n${howToUnlock(stack)}`);
}

/** What to do about a lock whose run goes on, or may. */
export function howToUnlock(stack: string): string {
  return (
    "Next: let that run end, and run this again. When it was killed, was on another machine, and nothing of it is left: " +
    `make unlock STACK=${stack} FORCE=1`
  );
}

/** Removes the locks whose run died on this machine, and ends what it left running. Returns the locks that stay. */
export async function recover(store: StateStore, stack: string): Promise<readonly Lock[]> {
  const machine = thisMachine();
  const locks = await readLocks(store, stack);
  const states = await Promise.all(locks.map((lock) => lockState(lock, machine)));
  const dead = locks.filter((_, index) => states[index] === "dead");
  if (dead.length > 0) {
    await removeLocks(store, stack, dead, "that run has died");
    for (const { pid, commandLine } of await endLeftovers(projectFolder)) {
      console.log(`ended what it left running: ${commandLine.split(" ")[0]} (pid ${pid})`);
    }
  }
  return locks.filter((lock) => !dead.includes(lock));
}

/**
 * Makes sure that no run holds a stack, for what changes it without the engine. Locks of runs that died here are removed.
 *
 * @throws when one does, or may, saying who.
 */
export async function requireUnlocked(store: StateStore, stack: string): Promise<void> {
  const held = await recover(store, stack);
  if (held.length > 0) {
    throw new Error(`stack ${stack} is locked${by(held)}; nothing was touched\n${howToUnlock(stack)}`);
  }
}

/** Removes these locks and no others: a run may take the stack as soon as the last of them is gone. */
export async function removeLocks(
  store: StateStore,
  stack: string,
  locks: readonly Lock[],
  why: string,
): Promise<void> {
  for (const lock of locks) {
    await store.remove(lock.key);
    console.log(`removed the lock of stack ${stack} by ${describeLock(lock, new Date())}: ${why}`);
  }
}

async function tryOnce(
  engine: Engine,
  store: StateStore,
  stack: string,
  args: readonly string[],
): Promise<"done" | readonly Lock[]> {
  const held = await recover(store, stack);
  if (held.length > 0) return held;
  const { code, stderr } = await attempt(engine, signed(args, engine.environment));
  if (code === 0) return "done";
  if (stderr.includes(lockedByOthers)) return readLocks(store, stack);
  throw ended(args, code);
}

function by(locks: readonly Lock[]): string {
  const now = new Date();
  return locks.length === 0
    ? ": another run met this one at the same moment"
    : ` by ${locks.map((lock) => describeLock(lock, now)).join(", and ")}`;
}

function randomBetween(from: number, to: number): number {
  return from + Math.random() * (to - from);
}
