import type { Deployment } from "@pulumi/kubernetes/apps/v1";
import type { HorizontalPodAutoscaler } from "@pulumi/kubernetes/autoscaling/v2";
import * as pulumi from "@pulumi/pulumi";
import { metadata, objectName, type Scope, scaledByAnnotation, selectorLabels } from "../../catalog/names";
import { type JobSize, workerComponent, workerGroups, workerSurge } from "../../catalog/workers";
import { type BuiltObject, built, childOptions, register, type WorkloadComponentArgs } from "../objects";
import { podMonitor } from "../observability/monitors";
import { podDisruptionBudget } from "./podDisruptionBudget";
import { rolloutBudget } from "./rollout";
import { server, serverVariables } from "./server";
import { type PodConfig, type WorkloadArgs, type WorkloadContext, workloadTemplate } from "./workload";

/** A number of pods that follows the queue. */
export interface AutoscalingArgs {
  readonly minReplicas: number;
  readonly maxReplicas: number;
  /** Waiting jobs of each size that one pod is to have; more of them add pods. */
  readonly jobsPerPod: Readonly<Partial<Record<JobSize, number>>>;
}

/** How many pods a pool has: a fixed number, or one that follows the queue. */
export type WorkerPoolSize = { readonly replicas: number } | { readonly autoscaling: AutoscalingArgs };

interface WorkerPoolPods extends PodConfig {
  /** Takes jobs above `min` and up to `max`; 0 to 100. */
  readonly difficulty: { readonly min: number; readonly max: number };
  /** A pod takes no job while more of its memory than this is used; per cent, 0 for no bound. */
  readonly maxMemoryPercent: number;
  /** A pod takes no job while more of its node's memory than this is used; per cent, 0 for no bound. */
  readonly maxSystemMemoryPercent: number;
  /** How long a start may take; seconds. */
  readonly startupSeconds: number;
  /** How long a pod that is told to stop may go on with its job; seconds. */
  readonly terminationGracePeriodSeconds: number;
}

/** What a stack file configures of one pool of workers. */
export type WorkerPoolConfig = WorkerPoolPods & WorkerPoolSize;

export interface WorkerPoolArgs {
  readonly context: WorkloadContext;
  /** The pool's name, such as heavy. */
  readonly pool: string;
  readonly config: WorkerPoolConfig;
}

const minReadySeconds = 10;

const metricsPath = "/metrics";

/** The objects of one pool of workers. */
export interface WorkerPoolObjects {
  readonly deployment: BuiltObject<"Deployment">;
  /** Absent where the number of pods is fixed. */
  readonly autoscaler?: BuiltObject<"HorizontalPodAutoscaler">;
  readonly disruptionBudget: BuiltObject<"PodDisruptionBudget">;
  /** Absent where Prometheus' custom resources are not on the cluster. */
  readonly monitor?: BuiltObject<"PodMonitor">;
}

/** Builds a pool of workers: its pods, what decides how many there are, its metrics, and how many may be drained at once. */
export function buildWorkerPool(args: WorkerPoolArgs): WorkerPoolObjects {
  const { context, config } = args;
  const { scope } = context;
  const component = workerComponent(args.pool);
  return {
    deployment: deployment(args),
    ...("autoscaling" in config && { autoscaler: autoscaler(scope, component, config.autoscaling) }),
    disruptionBudget: podDisruptionBudget(scope, component, "25%"),
    ...(context.monitoring && { monitor: podMonitor({ scope, component, metricsPath }) }),
  };
}

/** A pool of workers. */
export class WorkerPool extends pulumi.ComponentResource {
  readonly deployment: Deployment;
  /** Absent where the number of pods is fixed. */
  readonly autoscaler?: HorizontalPodAutoscaler;

  constructor(
    name: string,
    { objects, startAfter = [] }: WorkloadComponentArgs<WorkerPoolObjects>,
    opts: pulumi.ComponentResourceOptions = {},
  ) {
    super("datasets-server:components:WorkerPool", name, {}, opts);
    const child = childOptions(this, opts);
    this.deployment = register(objects.deployment, pulumi.mergeOptions(child, { dependsOn: [...startAfter] }));
    if (objects.autoscaler) {
      this.autoscaler = register(objects.autoscaler, child);
    }
    register(objects.disruptionBudget, child);
    if (objects.monitor) {
      register(objects.monitor, child);
    }
    this.registerOutputs({ deployment: this.deployment.metadata.name });
  }
}

function deployment(args: WorkerPoolArgs): BuiltObject<"Deployment"> {
  const { context, config } = args;
  const { scope } = context;
  const component = workerComponent(args.pool);
  const { startupSeconds, terminationGracePeriodSeconds } = config;
  const isScaled = "autoscaling" in config;
  const pods = isScaled
    ? { replicas: config.autoscaling.maxReplicas, fewestReplicas: config.autoscaling.minReplicas }
    : { replicas: config.replicas };
  const budget = rolloutBudget({
    ...pods,
    surge: workerSurge,
    startupSeconds,
    minReadySeconds,
    terminationGracePeriodSeconds,
  });
  return built(
    "Deployment",
    {
      metadata: metadata(scope, component, {
        ...(isScaled && { annotations: { [scaledByAnnotation]: "HorizontalPodAutoscaler" } }),
      }),
      spec: {
        replicas: isScaled ? config.autoscaling.minReplicas : config.replicas,
        revisionHistoryLimit: 10,
        minReadySeconds,
        progressDeadlineSeconds: budget.progressDeadlineSeconds,
        strategy: { type: "RollingUpdate", rollingUpdate: { ...workerSurge } },
        selector: { matchLabels: selectorLabels(scope, component) },
        template: workloadTemplate(context, workerPods(args)),
      },
    },
    {
      customTimeouts: { create: budget.timeout, update: budget.timeout },
      // Of an object that is there, its autoscaler decides; left out, the number would become 1 (decision 0027).
      ...(isScaled && { ignoreChanges: ["spec.replicas"] }),
    },
  );
}

/** The pool's workload: the worker's own settings, and which jobs it takes. */
export function workerPods({ pool, config }: Omit<WorkerPoolArgs, "context">): WorkloadArgs {
  const { difficulty, terminationGracePeriodSeconds, startupSeconds } = config;
  const { command, volumes, container } = server({
    package: "worker",
    healthPath: "/healthcheck",
    startupSeconds,
    role: "working",
  });
  return {
    component: workerComponent(pool),
    image: "worker",
    command,
    groups: workerGroups,
    variables: {
      ...serverVariables({ variablePrefix: "WORKER", listenAddress: "0.0.0.0", uvicornWorkers: 1 }),
      DATASETS_BASED_HF_DATASETS_CACHE: `/tmp/hf-datasets-cache/${pool}/datasets`,
      WORKER_DIFFICULTY_MAX: String(difficulty.max),
      WORKER_DIFFICULTY_MIN: String(difficulty.min),
      WORKER_MAX_MEMORY_PCT: String(config.maxMemoryPercent),
      WORKER_MAX_SYSTEM_MEMORY_PCT: String(config.maxSystemMemoryPercent),
    },
    config,
    parquetMetadata: "write",
    volumes,
    container,
    pod: { terminationGracePeriodSeconds },
  };
}

/** Adds pods at once when jobs wait, and takes them away slowly: a pod that goes loses its job. */
function autoscaler(
  scope: Scope,
  component: string,
  { minReplicas, maxReplicas, jobsPerPod }: AutoscalingArgs,
): BuiltObject<"HorizontalPodAutoscaler"> {
  return built("HorizontalPodAutoscaler", {
    metadata: metadata(scope, component),
    spec: {
      scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: objectName(scope, component) },
      minReplicas,
      maxReplicas,
      metrics: Object.entries(jobsPerPod).map(([size, jobs]) => ({
        type: "External",
        external: {
          metric: { name: "worker_size_jobs_count", selector: { matchLabels: { worker_size: size } } },
          // Shared among the pods: a bare Value would multiply the pods by the queue's length again and again.
          target: { type: "AverageValue", averageValue: String(jobs) },
        },
      })),
      behavior: {
        scaleUp: {
          stabilizationWindowSeconds: 0,
          policies: [
            { type: "Pods", value: 4, periodSeconds: 60 },
            { type: "Percent", value: 50, periodSeconds: 60 },
          ],
        },
        scaleDown: {
          stabilizationWindowSeconds: 300,
          policies: [{ type: "Pods", value: 1, periodSeconds: 60 }],
        },
      },
    },
  });
}
