import type { JobName, JobRow } from "../../catalog/jobs";
import { metadata, objectName, scheduledJobName } from "../../catalog/names";
import { type BuiltObject, built } from "../objects";
import { type PodSizes, type WorkloadArgs, type WorkloadContext, workloadTemplate } from "./workload";

/** When a job runs on one stack, and how big its pod is. */
export interface ScheduledJobSizes extends PodSizes {
  /** Five cron fields, UTC. */
  readonly schedule: string;
  /** A run that takes longer is stopped; seconds. */
  readonly deadlineSeconds: number;
  /** Its own log level. Default: the stack's. */
  readonly logLevel?: string;
}

export interface ScheduledJobArgs {
  readonly context: WorkloadContext;
  readonly job: JobName;
  readonly row: JobRow;
  readonly sizes: ScheduledJobSizes;
  /** Whether no run starts; one that is under way goes on. */
  readonly suspend: boolean;
}

/** A run that could not start for this long is left out; seconds. */
const startingDeadlineSeconds = 300;

/** A job that runs by the clock, one run at a time. */
export function scheduledJob(args: ScheduledJobArgs): BuiltObject<"CronJob"> {
  const { context, job, sizes, suspend } = args;
  const template = workloadTemplate(context, jobPods(args));
  return built(
    "CronJob",
    {
      metadata: metadata(context.scope, job, { name: scheduledJobName(context.scope, job) }),
      spec: {
        schedule: sizes.schedule,
        timeZone: "Etc/UTC",
        // A backfill that outlasted its period was joined by the next one, and both ran out of memory.
        concurrencyPolicy: "Forbid",
        startingDeadlineSeconds,
        ...(suspend && { suspend }),
        successfulJobsHistoryLimit: 3,
        failedJobsHistoryLimit: 3,
        jobTemplate: {
          metadata: { labels: template.metadata.labels },
          spec: { backoffLimit: 2, activeDeadlineSeconds: sizes.deadlineSeconds, template },
        },
      },
    },
    { id: objectName(context.scope, job) },
  );
}

/** The job's workload: one program for all jobs, told what to do. */
export function jobPods({ job, row, sizes }: Omit<ScheduledJobArgs, "context" | "suspend">): WorkloadArgs {
  return {
    component: job,
    image: "cache_maintenance",
    // Its own log level stands in place of the stack's.
    settings: row.settings.filter((group) => group !== "log" || sizes.logLevel === undefined),
    variables: { CACHE_MAINTENANCE_ACTION: row.action, ...(sizes.logLevel && { LOG_LEVEL: sizes.logLevel }) },
    sizes,
    pod: { restartPolicy: "OnFailure" },
  };
}
