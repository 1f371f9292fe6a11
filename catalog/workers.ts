import type { Surge } from "./rollouts";
import type { VariableGroup } from "./variableGroups";

/** The sizes of jobs that the queue's metric tells apart: light to difficulty 40, medium to 70, heavy above. */
export const jobSizes = ["light", "medium", "heavy"] as const;

export type JobSize = (typeof jobSizes)[number];

/** The groups of environment variables that workers read. */
export const workerGroups: readonly VariableGroup[] = [
  "assets",
  "cache",
  "committer",
  "common",
  "hf-home",
  "log",
  "numba",
  "parquet-metadata",
  "queue",
  "rows-index",
  "s3",
  "secrets",
  "worker",
];

/** A rollout takes a quarter of the pods at a time and adds none: nodes for more of these pods may not exist. */
export const workerSurge: Surge = { maxSurge: 0, maxUnavailable: "25%" };

/** The component of a pool, such as worker-heavy. */
export function workerComponent(pool: string): string {
  return `worker-${pool}`;
}
