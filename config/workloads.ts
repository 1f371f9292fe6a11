import { z } from "zod";
import { jobNames } from "../catalog/jobs";
import { serviceNames } from "../catalog/services";
import { jobSizes } from "../catalog/workers";
import { databaseWaitSeconds } from "../components/workloads/migration";
import { shortestGapSeconds } from "./cron";
import { ownEnv } from "./env";
import * as field from "./fields";
import { stackKinds } from "./stacks";

/** What every workload's pods have. */
const pod = {
  resources: field.resources,
  scratch: field.bytes.default("1Gi").describe("Writable space under /tmp; an estimate until measured."),
  nodePool: field.label(63).optional().describe("One of nodePools. Default: any node without a taint."),
  env: ownEnv.describe("Variables for this workload alone, in the place of those in env for all."),
};

export const services = z
  .partialRecord(
    z.enum(serviceNames),
    field.section({
      ...pod,
      replicas: field.wholeNumber(0, 500, "pods").describe("Pods; 0 stops the service."),
      uvicornWorkers: field.wholeNumber(1, 64, "processes a pod").default(1).describe("Server processes in each pod."),
      listenAddress: field.listenAddress.default("0.0.0.0").describe("Where its server listens."),
      public: field.flag().default(true).describe("Whether the public endpoint has rules for it."),
    }),
    { error: field.mapOf(serviceNames) },
  )
  .describe("The web services; one that is left out does not run on the stack.");

const autoscaling = field
  .section({
    minReplicas: field.wholeNumber(1, 500, "pods").describe("The fewest pods."),
    maxReplicas: field.wholeNumber(1, 500, "pods").describe("The most pods."),
    jobsPerPod: z
      .partialRecord(z.enum(jobSizes), field.wholeNumber(1, 100_000, "waiting jobs"), {
        error: field.mapOf(jobSizes),
      })
      .refine((targets) => Object.keys(targets).length > 0, { error: `at least one of ${jobSizes.join(", ")}` })
      .describe("Waiting jobs that one pod is to have, by their size; more of them add pods."),
  })
  .superRefine(({ minReplicas, maxReplicas }, context) => {
    if (minReplicas > maxReplicas) {
      const message = `at most maxReplicas, ${maxReplicas}`;
      context.addIssue({ code: "custom", path: ["minReplicas"], message, input: minReplicas });
    }
  });

const percent = field.wholeNumber(0, 100, "per cent, 0 for no bound").default(0);

const workerPool = field
  .section({
    ...pod,
    difficulty: field
      .section({
        min: field.wholeNumber(0, 100).describe("The pool's jobs are harder."),
        max: field.wholeNumber(1, 100).describe("The hardest jobs of the pool."),
      })
      .refine(({ min, max }) => min < max, { error: "a min below the max" })
      .describe("Takes jobs above min and up to max."),
    maxMemoryPercent: percent.describe("A worker takes no job while more of its memory is used."),
    maxSystemMemoryPercent: percent.describe("A worker takes no job while more of its node's memory is used."),
    startupSeconds: field.wholeNumber(5, 3600, "seconds").default(150).describe("How long a start may take."),
    terminationGracePeriodSeconds: field
      .wholeNumber(1, 7200, "seconds")
      .default(30)
      .describe("How long a pod that is told to stop may go on with its job."),
    replicas: field
      .wholeNumber(0, 500, "pods")
      .optional()
      .describe("A fixed number of pods; either it or autoscaling."),
    autoscaling: autoscaling.optional().describe("A number of pods that follows the queue; either it or replicas."),
  })
  .meta({ oneOf: [{ required: ["replicas"] }, { required: ["autoscaling"] }] })
  .transform(({ replicas, autoscaling, ...pool }, context) => {
    if (replicas !== undefined && autoscaling === undefined) {
      return { ...pool, replicas };
    }
    if (replicas === undefined && autoscaling !== undefined) {
      return { ...pool, autoscaling };
    }
    const message = "either it, for a fixed number, or autoscaling, for one that follows the queue";
    context.addIssue({ code: "custom", path: ["replicas"], message, input: replicas });
    return z.NEVER;
  });

/** With it, the Deployment of the pull request of the highest number has a name of 46 characters, the most it may have. */
const poolName = field.label(13);

export const workers = z.record(poolName, workerPool, { error: "a map of worker pools by name" });

export const jobs = z.partialRecord(
  z.enum(jobNames),
  field
    .section({
      ...pod,
      schedule: field.cronSchedule.describe("When it runs; Sunday is 0."),
      deadlineSeconds: field
        .wholeNumber(10, 86_400, "seconds")
        .describe("A run that takes longer is stopped; at most the time between two runs."),
    })
    .superRefine(({ schedule, deadlineSeconds }, context) => {
      const gap = shortestGapSeconds(schedule);
      if (gap === undefined) {
        const message = "a schedule with a day that comes: this one never runs";
        context.addIssue({ code: "custom", path: ["schedule"], message, input: schedule });
      } else if (deadlineSeconds > gap) {
        const message =
          `at most ${gap}, the time between two runs of schedule "${schedule}", as one that comes while another runs ` +
          "is skipped; or a schedule with more between them";
        context.addIssue({ code: "custom", path: ["deadlineSeconds"], message, input: deadlineSeconds });
      }
    }),
  { error: field.mapOf(jobNames) },
);

export const migration = field.section({
  ...pod,
  mode: field
    .oneOf(["run", "skip"])
    .default("run")
    .describe("skip, to go back to an image that is older than the database."),
  // With less than a minute beside the wait, it would be stopped before it can say what is wrong.
  deadlineSeconds: field
    .wholeNumber(databaseWaitSeconds + 60, 86_400, "seconds")
    .default(600)
    .describe("A migration that takes longer is stopped; it waits for the database first."),
});

export const mongodb = field.section({
  stacks: z
    .array(field.oneOf(stackKinds), { error: `a list of ${stackKinds.join(", ")}` })
    .describe("The stacks of this file that have a MongoDB of their own."),
  image: field.imageByDigest.describe("The official image."),
  resources: field.resources,
  storage: field.bytes.describe("The size of its data."),
  storageClass: field.objectName.optional().describe("Default: the cluster's own default class."),
});
