import type { VariableGroup } from "./variableGroups";

export const jobNames = [
  "backfill",
  "backfill-retryable-errors",
  "cache-metrics-collector",
  "post-messages",
  "queue-metrics-collector",
] as const;

export type JobName = (typeof jobNames)[number];

/** What is true of a scheduled job on every stack. */
export interface JobDefinition {
  /** What the maintenance program is told to do. */
  readonly action: string;
  /** The groups of environment variables that it reads. */
  readonly variables: readonly VariableGroup[];
}

const readsQueue = ["cache", "common", "log", "queue", "secrets"] as const satisfies readonly VariableGroup[];
const writesAssets = [...readsQueue, "assets", "cached-assets", "s3"] as const satisfies readonly VariableGroup[];

export const jobs: Readonly<Record<JobName, JobDefinition>> = {
  backfill: { action: "backfill", variables: writesAssets },
  "backfill-retryable-errors": { action: "backfill-retryable-errors", variables: writesAssets },
  "cache-metrics-collector": { action: "collect-cache-metrics", variables: readsQueue },
  "post-messages": { action: "post-messages", variables: [...readsQueue, "discussions"] },
  "queue-metrics-collector": { action: "collect-queue-metrics", variables: readsQueue },
};

/** The groups of environment variables that the migration reads. */
export const migrationGroups: readonly VariableGroup[] = ["cache", "log", "migration", "queue", "secrets"];
