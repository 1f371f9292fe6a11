import { setTimeout as sleep } from "node:timers/promises";
import { run } from "../../../tools/run";

/** What one run of a command took. */
export interface Cost {
  readonly seconds: number;
  /** The most that it and all it started had in memory together, looked at twice a second; MiB. */
  readonly mebibytes: number;
}

/** Takes the cost of what a process does until `done`, which it returns with it. */
export async function costOf(pid: number, done: Promise<unknown>): Promise<Cost> {
  const started = performance.now();
  let mebibytes = 0;
  let running = true;
  const ending = done.finally(() => {
    running = false;
  });
  while (running) {
    mebibytes = Math.max(mebibytes, await memoryBelow(pid));
    await Promise.race([ending, sleep(500)]);
  }
  await ending;
  return { seconds: (performance.now() - started) / 1000, mebibytes };
}

/** The memory of a process and of all that it started; MiB. */
async function memoryBelow(root: number): Promise<number> {
  const { stdout } = await run("ps", ["-eo", "pid=,ppid=,rss="]);
  const processes = stdout
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/).map(Number));
  const family = new Set([root]);
  // Until nothing is added: a child may be listed before its parent.
  for (let size = 0; size < family.size; ) {
    size = family.size;
    for (const [pid = 0, parent = 0] of processes) if (family.has(parent)) family.add(pid);
  }
  return processes.reduce((sum, [pid = 0, , rss = 0]) => sum + (family.has(pid) ? rss / 1024 : 0), 0);
}

/**
 * Does something for each item, so many at a time; the results are in the items' order.
 *
 * @throws what an item throws, when those that were under way have ended; no other is begun then.
 */
export async function inParallel<Item, Result>(
  items: readonly Item[],
  atATime: number,
  action: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results = new Map<number, Result>();
  // All workers take from the same list.
  const waiting = [...items.entries()];
  const worker = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      try {
        results.set(next[0], await action(next[1]));
      } catch (error) {
        waiting.length = 0;
        throw error;
      }
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: atATime }, worker));
  const failed = ends.find((end) => end.status === "rejected");
  if (failed) throw failed.reason;
  return [...results].sort(([a], [b]) => a - b).map(([, result]) => result);
}
