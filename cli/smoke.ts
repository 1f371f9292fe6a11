import { setTimeout as sleep } from "node:timers/promises";
import { healthPathOf } from "../catalog/services";
import { causeOf } from "../cluster/kubernetesClient";
import { UserError } from "../cluster/userError";
import { answered, stackOf } from "./lib/automation";
import { engineFor } from "./lib/engine";

export interface SmokeOptions {
  /** How long it may take until the answer is good: load balancers and DNS lag behind a first deploy; milliseconds. */
  readonly limitMs: number;
  /** How long to wait between two tries; milliseconds. */
  readonly pauseMs: number;
  /** Receives each line of progress. Default: printed on stdout. */
  readonly log?: (line: string) => void;
}

const thresholds: SmokeOptions = { limitMs: 180_000, pauseMs: 5_000 };

/** No single answer is waited for longer; milliseconds. */
const answerMs = 10_000;

/** Asks a stack's public endpoint whether it serves, as a user would reach it. */
export async function smoke(workspace: string, stack: string): Promise<void> {
  const pulumi = await stackOf(await engineFor(workspace, stack), stack);
  const { url, images } = await answered(pulumi.outputs());
  if (url === undefined) throw new UserError(`stack ${stack} has no output url yet`, `ds deploy ${stack}`);
  const healthPath = healthPathOf(Object.keys(Object(images?.value)));
  if (healthPath === undefined) throw new UserError(`stack ${stack} runs no service whose health its endpoint reaches`);
  const address = new URL(healthPath, String(url.value)).href;
  await untilHealthy(address, thresholds);
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
    const failure = await failureOf(address);
    if (failure === undefined) return;
    if (Date.now() + pauseMs > deadline) {
      throw new UserError(
        `${address} does not serve: ${failure}`,
        "see whether its pods are ready and the load balancer has them (docs/runbook.md); ds history shows what to go back to",
      );
    }
    log(`waiting for ${address}: ${failure}`);
    await sleep(pauseMs);
  }
}

async function failureOf(address: string): Promise<string | undefined> {
  try {
    const { status } = await fetch(address, { signal: AbortSignal.timeout(answerMs) });
    return status === 200 ? undefined : `it answers with HTTP ${status}`;
  } catch (error) {
    return causeOf(error instanceof Error && error.cause !== undefined ? error.cause : error);
  }
}
