import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { removeWithProcesses } from "./removal";

/** How long the engine of interrupted tests may still write; milliseconds. */
const settlingMs = 1_000;

/**
 * Outlives the tests, however they end, and removes their folder and every process that was started from it.
 *
 * The folder's name comes by stdin, which closes when the tests end; as an argument it would be found among what to end.
 */
async function main(): Promise<void> {
  const folder = await text(process.stdin);
  for (const pause of [0, settlingMs]) {
    await sleep(pause);
    await removeWithProcesses(folder);
  }
}

void main();
