import type { SettingGroup } from "./settings";

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
  readonly settings: readonly SettingGroup[];
}

const readsQueue = ["cache", "common", "log", "queue"] as const satisfies readonly SettingGroup[];
const writesAssets = [...readsQueue, "assets", "cached-assets", "s3"] as const satisfies readonly SettingGroup[];

export const jobs: Readonly<Record<JobName, JobDefinition>> = {
  backfill: { action: "backfill", settings: writesAssets },
  "backfill-retryable-errors": { action: "backfill-retryable-errors", settings: writesAssets },
  "cache-metrics-collector": { action: "collect-cache-metrics", settings: readsQueue },
  "post-messages": { action: "post-messages", settings: [...readsQueue, "discussions"] },
  "queue-metrics-collector": { action: "collect-queue-metrics", settings: readsQueue },
};
