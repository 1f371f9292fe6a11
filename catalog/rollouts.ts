/** How many pods a rollout may add and take away at once: numbers, or shares of the replicas. */
export interface Surge {
  readonly maxSurge: number | `${number}%`;
  readonly maxUnavailable: number | `${number}%`;
}
