import type { Surge } from "../../catalog/rollouts";

/** What decides how long a rollout may take. */
export interface RolloutArgs {
  /** The most pods there may be. */
  readonly replicas: number;
  /** The fewest pods there may be, where an autoscaler decides how many there are. Default: the most. */
  readonly fewestReplicas?: number;
  readonly surge: Surge;
  /** How long one pod's start may take once its image is there; seconds. */
  readonly startupSeconds: number;
  /** How long a pod must stay ready to count as available; seconds. */
  readonly minReadySeconds: number;
  /** How long an old pod may take to end, which matters where a new one needs its place; seconds. */
  readonly terminationGracePeriodSeconds: number;
}

export interface RolloutBudget {
  /** When Kubernetes calls the rollout failed; seconds. */
  readonly progressDeadlineSeconds: number;
  /** When the engine stops waiting: a minute later, so that Kubernetes' own verdict is there to be shown. */
  readonly timeout: `${number}s`;
}

/** Placing a pod and fetching its image; seconds. */
const schedulingSeconds = 60;

/** Time for the engine to see Kubernetes' verdict; seconds. */
const verdictSeconds = 60;

/** The time a healthy rollout may need: wave after wave of pods, each with a full start. */
export function rolloutBudget(args: RolloutArgs): RolloutBudget {
  const { replicas, fewestReplicas = replicas, surge, startupSeconds, minReadySeconds } = args;
  // Of 50 pods a quarter at a time is 12, five waves. Of 7 pods it is one, seven waves.
  const counts = Array.from({ length: replicas - fewestReplicas + 1 }, (_, index) => fewestReplicas + index);
  const waves = Math.max(1, ...counts.map((count) => Math.ceil(count / podsAtOnce(surge, count))));
  const placeSeconds = amount(surge.maxSurge, 100) === 0 ? args.terminationGracePeriodSeconds : 0;
  const progressDeadlineSeconds = waves * (placeSeconds + schedulingSeconds + startupSeconds + minReadySeconds);
  return { progressDeadlineSeconds, timeout: timeoutAfter(progressDeadlineSeconds) };
}

/** How many pods a rollout has in addition to the replicas; Kubernetes rounds a share of them up. */
export function addedPods({ maxSurge }: Surge, replicas: number): number {
  return Math.ceil(amount(maxSurge, replicas));
}

/** How many pods a rollout may leave missing. Kubernetes rounds a share of them down, and never stands still. */
export function missingPods(surge: Surge, replicas: number): number {
  const missing = Math.floor(amount(surge.maxUnavailable, replicas));
  return addedPods(surge, replicas) === 0 ? Math.max(1, missing) : missing;
}

/** How many pods a rollout replaces at the same time. */
export function podsAtOnce(surge: Surge, replicas: number): number {
  return addedPods(surge, replicas) + missingPods(surge, replicas);
}

/** How long the engine waits for what Kubernetes gives up after a deadline. */
export function timeoutAfter(deadlineSeconds: number): `${number}s` {
  return `${deadlineSeconds + verdictSeconds}s`;
}

function amount(value: number | `${number}%`, replicas: number): number {
  return typeof value === "number" ? value : (replicas * Number.parseFloat(value)) / 100;
}
