import { setTimeout as sleep } from "node:timers/promises";
import { causeOf } from "../cluster/kubernetesClient";
import { UserError } from "../cluster/userError";
import { answered, stackOf } from "./automation";
import type { Engine } from "./engine";

export interface SmokeOptions {
  /** How long it may take until the answer is good: load balancers and DNS lag behind a first deploy; milliseconds. */
  readonly limitMs: number;
  /** How long to wait between two tries; milliseconds. */
  readonly pauseMs: number;
  /** Receives each line of progress. Default: printed on stdout. */
  readonly log?: (line: string) => void;
}

const patience: SmokeOptions = { limitMs: 180_000, pauseMs: 5_000 };

/** No single answer is waited for longer; milliseconds. */
const answerMs = 10_000;

/** Asks a stack's public endpoint whether it serves, as a user would reach it. */
export async function smoke(engine: Engine, stack: string): Promise<void> {
  const pulumi = await stackOf(engine, stack);
  const { url } = await answered(pulumi.outputs());
  if (url === undefined) throw new UserError(`stack ${stack} has no output url yet`, `ds deploy ${stack}`);
  const address = new URL("/healthcheck", String(url.value)).href;
  await untilHealthy(address, patience);
  console.log(`${address} answers`);
}

/**
 * Waits until an address answers with HTTP 200.
 *
 * @throws with its last answer when it has not in time.
 */
export async function untilHealthy(
  address: string,
  { limitMs, pauseMs, log = console.log }: SmokeOptions,
): Promise<void> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    const problem = await problemOf(address);
    if (problem === undefined) return;
    if (Date.now() + pauseMs > deadline) {
      throw new UserError(
        `${address} does not serve: ${problem}`,
        "see whether its pods are ready and the load balancer has them (docs/runbook.md); ds history shows what to go back to",
      );
    }
    log(`waiting for ${address}: ${problem}`);
    await sleep(pauseMs);
  }
}

async function problemOf(address: string): Promise<string | undefined> {
  try {
    const { status } = await fetch(address, { signal: AbortSignal.timeout(answerMs) });
    return status === 200 ? undefined : `it answers with HTTP ${status}`;
  } catch (error) {
    return causeOf(error instanceof Error && error.cause !== undefined ? error.cause : error);
  }
}
