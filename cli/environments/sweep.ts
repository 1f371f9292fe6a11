import { errorText, UserError } from "../../cluster/userError";
import type { Parameters } from "../../config/pullRequest";
import { gitHubRepository, pullRequestState } from "../lib/github";
import { removeEnvironment } from "./down";
import { type EnvironmentIdentity, readOpen, type Target } from "./input";
import { type Environment, listEnvironments, parametersOf, reasonToGo } from "./inventory";
import { openPlace } from "./place";

/** No removal begins later than this in a sweep, so that the last one ends in the time of its workflow; milliseconds. */
export const defaultBeginMs = 70 * 60_000;

export interface Sweep {
  /** The pull requests that are open. Default: not known, and only time counts. */
  readonly open: ReadonlySet<number> | undefined;
  /** Whether it only says what it would do. */
  readonly dryRun: boolean;
  /**
   * Asks for one pull request by itself: a list can miss one, as when another closes between two of its pages. Default: the list is
   * taken by its word.
   */
  readonly stateOf: ((number: number) => Promise<"open" | "closed">) | undefined;
  readonly parametersOf: (identity: EnvironmentIdentity) => Promise<Parameters>;
  readonly remove: (identity: EnvironmentIdentity) => Promise<void>;
  /** Default: {@link defaultBeginMs}. */
  readonly beginMs?: number;
}

/**
 * Removes the environments whose pull request is closed, or whose time is over. With `dryRun` it says what it would do. On
 * hub-ephemeral GitHub is asked for each pull request that the list of open ones lacks: only one that it calls closed loses its
 * environment.
 *
 * @throws at the end, as {@link sweepEnvironments} does.
 */
export async function environmentSweep(
  workspace: string,
  target: Target,
  { open, dryRun }: { readonly open: string | undefined; readonly dryRun: boolean },
): Promise<void> {
  const listed = readOpen(open);
  const place = await openPlace(workspace, target, "change");
  await sweepEnvironments(await listEnvironments(place.store), {
    open: listed,
    dryRun,
    stateOf:
      target === "local"
        ? undefined
        : (number) => pullRequestState(gitHubRepository(process.env, { use: "lastCommit" }), number),
    parametersOf: (identity) => parametersOf(place.engine, identity),
    remove: (identity) => removeEnvironment(place, identity),
  });
}

/**
 * Sweeps these environments one after the other; one that fails stops no other.
 *
 * @throws at the end, with a list, when some could not be removed, have a damaged state, or stay because nobody knows whether
 * their pull request is open.
 */
export async function sweepEnvironments(environments: readonly Environment[], sweep: Sweep): Promise<void> {
  const now = new Date();
  const unknown: string[] = [];
  const failures: string[] = [];
  let gone = 0;
  for (const { identity, damaged } of environments) {
    const { stack, number } = identity;
    const parameters = await sweep.parametersOf(identity);
    const { isClosed, doubt } = await lookUp(number, sweep);
    const reason = reasonToGo(parameters, { isClosed, now });
    if (reason === undefined) {
      console.log(`${stack} stays until ${parameters.expires}`);
      if (doubt !== undefined) unknown.push(`${stack}: unknown whether its pull request is open: ${doubt}`);
      if (damaged) failures.push(`${stack}: its state is damaged: ${damaged}`);
      continue;
    }
    console.log(`${stack} ${sweep.dryRun ? "would go" : "goes"}: ${reason}`);
    if (sweep.dryRun) continue;
    if (Date.now() - now.getTime() >= (sweep.beginMs ?? defaultBeginMs)) {
      failures.push(`${stack}: left to the next sweep, as those before it took too long`);
      continue;
    }
    try {
      await sweep.remove(identity);
      gone += 1;
    } catch (error) {
      const cause = errorText(error);
      console.error(`${stack} could not be removed: ${cause}`);
      failures.push(`${stack}: ${cause.split("\n")[0]}`);
    }
  }
  console.log(`${environments.length} environments looked at, ${gone} removed`);
  const lines = [...unknown, ...failures].map((line) => `  ${line}`);
  if (lines.length === 0) return;
  const next = [
    ...(unknown.length > 0 ? ["ds pr sweep once GitHub answers, with GITHUB_TOKEN and GITHUB_REPOSITORY"] : []),
    ...(failures.length > 0
      ? ["ds pr down <number> for each that failed; for one whose pull request is open, ds pr up after that"]
      : []),
  ];
  throw new UserError([`${lines.length} need attention:`, ...lines].join("\n"), next.join("; "));
}

interface Known {
  readonly isClosed: boolean;
  /** Why that is not known: unknown is not closed. */
  readonly doubt?: string;
}

async function lookUp(number: number, { open, stateOf }: Sweep): Promise<Known> {
  if (open === undefined || open.has(number)) return { isClosed: false };
  if (stateOf === undefined) return { isClosed: true };
  try {
    return { isClosed: (await stateOf(number)) === "closed" };
  } catch (error) {
    const { message } = error instanceof Error ? error : new Error(String(error));
    return { isClosed: false, doubt: message.replace(/\s*\n\s*/g, " ") };
  }
}
