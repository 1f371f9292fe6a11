import fs from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import lockfile from "proper-lockfile";

// A living holder renews its lock every 5 s, so one that is older than this is dead.
const staleMs = 10_000;
const pollMs = 250;

/**
 * Runs an action while it holds a lock, which one process at a time can have; waits as long as a living one has it.
 * A lock whose holder was killed is replaced after 10 s.
 *
 * @param onWait is called once when another process has the lock.
 * @throws at once when the lock cannot be written.
 */
export async function withLock<T>(file: string, onWait: () => void, action: () => Promise<T>): Promise<T> {
  const release = await acquire(file, onWait);
  try {
    return await action();
  } finally {
    await release();
  }
}

async function acquire(file: string, onWait: () => void): Promise<() => Promise<void>> {
  const options = {
    lockfilePath: file,
    realpath: false,
    stale: staleMs,
    onCompromised: ({ message }: Error) => {
      // Going on could mean two writers; the next run goes on with what is finished.
      console.error(`error: ${message}, perhaps because the machine slept.\nNext: run the command again`);
      process.exit(1);
    },
  };
  for (let waited = false; ; waited = true) {
    try {
      fs.mkdirSync(path.dirname(file), { recursive: true });
      return await lockfile.lock(file, options);
    } catch (error) {
      const { code, message } = toError(error);
      // The library tries again whatever went wrong, a disk that cannot be written to as well.
      if (code !== "ELOCKED") {
        const next = "Next: see whether this user may write there and the disk has room, or name another folder";
        throw new Error(`cannot write to ${path.dirname(file)}: ${message}\n${next}`, { cause: error });
      }
    }
    if (!waited) onWait();
    await sleep(pollMs);
  }
}

function toError(error: unknown): NodeJS.ErrnoException {
  return error instanceof Error ? error : new Error(String(error));
}
