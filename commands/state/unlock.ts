import { type Engine, stateOf } from "../engine";
import { describeLock, lockState, thisMachine } from "./locks";
import { openStore } from "./store";
import { howToUnlock, recover, removeLocks } from "./update";

/**
 * Removes the locks of a stack whose run is known to have died, and with `force` those of other machines too.
 *
 * @throws when a lock stays, saying why.
 */
export async function unlock(engine: Engine, stack: string, force: boolean): Promise<void> {
  const store = await openStore(stateOf(engine));
  const left = await recover(store, stack);
  const machine = thisMachine();
  for (const lock of left) {
    const holder = describeLock(lock, new Date());
    if ((await lockState(lock, machine)) === "here") {
      throw new Error(
        `stack ${stack} is locked by ${holder}, which is running on this machine; its lock stays.\n` +
          `Next: let it end, or interrupt it so that it can still write its state: kill -INT ${lock.pid}`,
      );
    }
    if (!force) {
      throw new Error(`stack ${stack} is locked by ${holder}, and its lock stays\n${howToUnlock(stack)}`);
    }
    await removeLocks(store, stack, [lock], "by force");
  }
  console.log(`stack ${stack} is not locked`);
}
