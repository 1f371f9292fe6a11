/** What decides how long a rollout may take. */
export interface RolloutArgs {
  readonly replicas: number;
  /** Extra pods, as a share of the replicas; rounded up, as Kubernetes does. */
  readonly maxSurge: `${number}%`;
  /** How long one pod's start may take once its image is there; seconds. */
  readonly startupSeconds: number;
  /** How long a pod must stay ready to count as available; seconds. */
  readonly minReadySeconds: number;
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

/** The time a healthy rollout may need: its waves of surge pods, each with a full start. */
export function rolloutBudget({ replicas, maxSurge, startupSeconds, minReadySeconds }: RolloutArgs): RolloutBudget {
  const surge = Math.max(1, Math.ceil((replicas * Number.parseFloat(maxSurge)) / 100));
  const waves = Math.max(1, Math.ceil(replicas / surge));
  const progressDeadlineSeconds = waves * (schedulingSeconds + startupSeconds + minReadySeconds);
  return { progressDeadlineSeconds, timeout: `${progressDeadlineSeconds + verdictSeconds}s` };
}
