import fs from "node:fs";
import path from "node:path";
import lockfile from "proper-lockfile";

// A living holder renews its lock every 5 s, so one that is older than this is dead.
const staleMs = 10_000;
const pollMs = 250;

/**
 * Runs an action while it holds a lock, which one process at a time can have; waits as long as a living one has it.
 * A lock whose holder was killed is replaced after 10 s.
 *
 * @param onWait is called once when another process has the lock.
 */
export async function withLock<T>(file: string, onWait: () => void, action: () => Promise<T>): Promise<T> {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const options = { lockfilePath: file, realpath: false, stale: staleMs };
  if (await lockfile.check(file, options)) onWait();
  const release = await lockfile.lock(file, {
    ...options,
    retries: { forever: true, factor: 1, minTimeout: pollMs },
    onCompromised: ({ message }) => {
      // Going on could mean two writers; the next run goes on with what is finished.
      console.error(`error: ${message}, perhaps because the machine slept.\nNext: run the command again`);
      process.exit(1);
    },
  });
  try {
    return await action();
  } finally {
    await release();
  }
}
