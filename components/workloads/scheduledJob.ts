import type { JobDefinition, JobName } from "../../catalog/jobs";
import { metadata, objectName, scheduledJobName } from "../../catalog/names";
import { type BuiltObject, built } from "../objects";
import { type PodConfig, type WorkloadArgs, type WorkloadContext, workloadTemplate } from "./workload";

/** When a job runs on one stack, and how big its pod is. */
export interface ScheduledJobConfig extends PodConfig {
  /** Five cron fields, UTC. */
  readonly schedule: string;
  /** A run that takes longer is stopped; seconds. */
  readonly deadlineSeconds: number;
}

export interface ScheduledJobArgs {
  readonly context: WorkloadContext;
  readonly job: JobName;
  readonly definition: JobDefinition;
  readonly config: ScheduledJobConfig;
  /** Whether no run starts; one that is under way goes on. */
  readonly suspend: boolean;
}

/** A run that could not start for this long is left out; seconds. */
const startingDeadlineSeconds = 300;

/** A job that runs by the clock, one run at a time. */
export function scheduledJob(args: ScheduledJobArgs): BuiltObject<"CronJob"> {
  const { context, job, config, suspend } = args;
  const template = workloadTemplate(context, jobPods(args));
  return built(
    "CronJob",
    {
      metadata: metadata(context.scope, job, { name: scheduledJobName(context.scope, job) }),
      spec: {
        schedule: config.schedule,
        timeZone: "Etc/UTC",
        // A backfill that outlasted its period was joined by the next one, and both ran out of memory.
        concurrencyPolicy: "Forbid",
        startingDeadlineSeconds,
        suspend,
        successfulJobsHistoryLimit: 3,
        failedJobsHistoryLimit: 3,
        jobTemplate: {
          metadata: { labels: template.metadata.labels },
          // A try that fails leaves its pod and log; the next is a pod of its own.
          spec: { backoffLimit: 2, activeDeadlineSeconds: config.deadlineSeconds, template },
        },
      },
    },
    { id: objectName(context.scope, job) },
  );
}

/** The job's workload: one program for all jobs, told what to do. */
export function jobPods({ job, definition, config }: Omit<ScheduledJobArgs, "context" | "suspend">): WorkloadArgs {
  return {
    component: job,
    image: "cache_maintenance",
    groups: definition.variables,
    variables: { CACHE_MAINTENANCE_ACTION: definition.action },
    config,
    pod: { restartPolicy: "Never" },
  };
}
