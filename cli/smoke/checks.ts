import { setTimeout as sleep } from "node:timers/promises";

/** Something that has to hold soon after a deploy. */
export interface Check {
  /** What is looked at, such as an address. */
  readonly title: string;
  /** What is wrong now; undefined when nothing is. */
  failure(): Promise<string | undefined>;
}

export interface WaitOptions {
  /** How long it may take until all hold: load balancers and DNS lag behind a first deploy; milliseconds. */
  readonly limitMs: number;
  /** How long to wait between two tries; milliseconds. */
  readonly pauseMs: number;
  /** Receives each line of progress. Default: printed on stdout. */
  readonly log?: (line: string) => void;
}

/** Waits until checks hold. Returns what is still wrong when the time is up, a line each: none when all hold. */
export async function waitFor(
  checks: readonly Check[],
  { limitMs, pauseMs, log = console.log }: WaitOptions,
): Promise<string[]> {
  const deadline = Date.now() + limitMs;
  let open = checks;
  for (;;) {
    const results = await Promise.all(open.map(async (check) => ({ check, failure: await check.failure() })));
    const failed = results.filter(({ failure }) => failure !== undefined);
    const lines = failed.map(({ check, failure }) => `${check.title}: ${failure}`);
    if (failed.length === 0 || Date.now() + pauseMs > deadline) return lines;
    const [first, ...others] = lines;
    log(`waiting for ${first}${others.length > 0 ? `, and ${others.length} more` : ""}`);
    open = failed.map(({ check }) => check);
    await sleep(pauseMs);
  }
}
