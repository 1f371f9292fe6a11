import { type JobName, jobNames } from "../../catalog/jobs";
import { metadata, objectName, type Scope, scheduledJobName } from "../../catalog/names";
import { type JobSize, jobSizes, workerComponent } from "../../catalog/workers";
import { type BuiltObject, built } from "../objects";
import type { WorkerPoolSize } from "../workloads/workerPool";

/** What alerts have to know of a stack. */
export interface AlertsArgs {
  readonly scope: Scope;
  readonly services: Readonly<Record<string, { readonly replicas: number }>>;
  readonly workers: Readonly<Record<string, WorkerPoolSize>>;
  readonly jobs: Readonly<Partial<Record<JobName, { readonly deadlineSeconds: number }>>>;
  /** Whether no scheduled job is to start. */
  readonly suspendJobs: boolean;
  /** The environments of pull requests that live beside the stack. Default: none do. */
  readonly environments?: EnvironmentsArgs;
}

export interface EnvironmentsArgs {
  /** What the names of their namespaces start with; the pull request's number follows. */
  readonly prefix: string;
  /** How many there may be at a time. */
  readonly most: number;
}

type AlertName =
  | "DatasetsServerErrors"
  | "DatasetsServerSlow"
  | "DatasetsServerRolloutStuck"
  | "DatasetsServerPodsMissing"
  | "DatasetsServerPodsRestart"
  | "DatasetsServerQueueGrows"
  | "DatasetsServerQueueUnknown"
  | "DatasetsServerJobMissed"
  | "DatasetsServerJobFails"
  | "DatasetsServerChangedByHand"
  | "DatasetsServerEnvironmentStays"
  | "DatasetsServerEnvironmentsFull";

/** What is true of an alert on every stack. */
interface AlertDefinition {
  /** `critical` wakes the on-call; `warning` waits for the morning. */
  readonly severity: "critical" | "warning";
  /** How long it must be so before anyone is told, as Prometheus writes it. */
  readonly for: string;
  /** One sentence for the on-call, in Prometheus' template language. */
  readonly summary: string;
  /** When it is so, in PromQL, any of these: none where a stack has nothing of the kind. */
  readonly when: (args: AlertsArgs) => readonly string[];
}

/** Where people read this repository's docs/runbook.md, which has a heading by each alert's name. */
export const runbookUrl = "https://github.com/huggingface/datasets-server/blob/main/docs/runbook.md";

/** A run that has not begun by then is missed; seconds. Kubernetes gives it up after five minutes. */
const missedSeconds = 600;

/** A Deployment keeps more of its pods in a rollout: workers three of four, search two of three. */
const leastShare = 0.6;

/** How much larger a share of answers may be than in the day before: the application answers with 500 for datasets that fail too. */
const worseBy = 0.1;

/** Answers that take longer are slow: the highest bound that the application measures; seconds. */
const slowSeconds = 10;

/**
 * The metrics are those of kube-state-metrics, 2.6 or later, those of starlette-prometheus, which each service has, and the
 * application's own count of waiting jobs.
 */
const alerts: Readonly<Record<AlertName, AlertDefinition>> = {
  DatasetsServerErrors: {
    severity: "critical",
    for: "2m",
    summary:
      "{{ $labels.service }} answers {{ $value | humanizePercentage }} of requests with an error, more than it did the day before.",
    when: ({ scope }) => [
      worse((range) => {
        const answers = (more = "") => rateOf(`starlette_responses_total{${toUsers(scope)}${more}}`, range);
        // One that has never failed has no count of it.
        return `(${answers(',status_code=~"5.."')} or 0 * ${answers()}) / ${answers()}`;
      }),
    ],
  },
  DatasetsServerSlow: {
    severity: "warning",
    for: "5m",
    summary:
      "{{ $labels.service }} takes over 10 seconds for {{ $value | humanizePercentage }} of requests, more than it did the day before.",
    when: ({ scope }) => [
      worse((range) => {
        const answers = (part: string, more = "") =>
          rateOf(`starlette_requests_processing_time_seconds_${part}{${toUsers(scope)}${more}}`, range);
        return `1 - ${answers("bucket", `,le=~"${slowSeconds}(.0)?"`)} / ${answers("count")}`;
      }),
    ],
  },
  DatasetsServerRolloutStuck: {
    severity: "critical",
    // Kubernetes has waited for the rollout's own deadline before it says so.
    for: "1m",
    summary: "The rollout of {{ $labels.deployment }} got no further within its deadline. The old pods still serve.",
    when: ({ scope }) => [
      `${ofDeployments("status_condition", scope, { more: ',condition="Progressing",status="false"' })} == 1`,
    ],
  },
  DatasetsServerPodsMissing: {
    severity: "critical",
    // Longer than the slowest start on a new node.
    for: "20m",
    summary: "{{ $labels.deployment }} has only {{ $value }} pods that serve, fewer than even a rollout leaves it.",
    when: ({ scope }) => [
      `${ofDeployments("status_replicas_available", scope)} < ${leastShare} * ${ofDeployments("spec_replicas", scope)}`,
    ],
  },
  DatasetsServerPodsRestart: {
    severity: "warning",
    for: "10m",
    summary:
      "The pods of {{ $labels.container }} have been started again {{ $value | humanize }} times each in half an hour.",
    when: ({ scope: { namespace, release } }) => {
      const restarts = `kube_pod_container_status_restarts_total{namespace="${namespace}",pod=~"${release}-.+"}`;
      const of = (sum: string, series: string) => `${sum} by (namespace, container) (${series})`;
      return [`${of("sum", `increase(${restarts}[30m])`)} / ${of("count", restarts)} > 1`];
    },
  },
  DatasetsServerQueueGrows: {
    severity: "warning",
    for: "30m",
    summary: "{{ $value }} {{ $labels.worker_size }} jobs wait, more than all workers are sized for, and ever more.",
    when: ({ scope, workers }) =>
      boundedSizes(workers).map(({ size, most }) => {
        const waiting = queue(scope, `,worker_size="${size}"`);
        const of = (series: string) => `max by (namespace, worker_size) (${series})`;
        return `(${of(waiting)} > ${most} and ${of(`deriv(${waiting}[1h])`)} > 0)`;
      }),
  },
  DatasetsServerQueueUnknown: {
    severity: "warning",
    for: "15m",
    summary: "The waiting jobs are not counted, so no autoscaler adds pods.",
    when: ({ scope, workers }) => (boundedSizes(workers).length === 0 ? [] : [`absent(${queue(scope)})`]),
  },
  DatasetsServerJobMissed: {
    severity: "warning",
    for: "5m",
    summary: "{{ $labels.cronjob }} was to start {{ $value | humanizeDuration }} ago, and did not.",
    when: ({ scope, jobs }) =>
      Object.keys(jobs).length === 0 ? [] : [`time() - ${ofCronJobs("next_schedule_time", scope)} > ${missedSeconds}`],
  },
  DatasetsServerJobFails: {
    severity: "warning",
    for: "10m",
    summary: "{{ $labels.cronjob }} last ended well {{ $value | humanizeDuration }} ago; a later run should have.",
    when: ({ scope, jobs }) =>
      jobNames.flatMap((job) => {
        const of = (metric: string) => ofCronJobs(metric, scope, `="${scheduledJobName(scope, job)}"`);
        const ended = `(${of("status_last_successful_time")} or ${of("created")})`;
        const period = `${of("next_schedule_time")} - ${of("status_last_schedule_time")}`;
        const config = jobs[job];
        return config === undefined ? [] : [`time() - ${ended} > ${period} + ${config.deadlineSeconds}`];
      }),
  },
  DatasetsServerChangedByHand: {
    severity: "warning",
    for: "30m",
    summary: "{{ $labels.deployment }}{{ $labels.cronjob }} was scaled or suspended by hand.",
    when: (args) => [
      ...otherReplicas(args),
      ...(Object.keys(args.jobs).length === 0
        ? []
        : [`${ofCronJobs("spec_suspend", args.scope)} != ${args.suspendJobs ? 1 : 0}`]),
    ],
  },
  DatasetsServerEnvironmentStays: {
    severity: "warning",
    for: "30m",
    summary: "{{ $labels.namespace }} is being removed, and something holds it.",
    when: ({ environments }) =>
      environments ? [`${ofEnvironments("status_phase", environments, ',phase="Terminating"')} == 1`] : [],
  },
  DatasetsServerEnvironmentsFull: {
    severity: "warning",
    // Three sweeps.
    for: "3h",
    summary: "There are {{ $value }} environments of pull requests, and there is no room for another.",
    when: ({ environments }) =>
      environments ? [`count(${ofEnvironments("created", environments)}) >= ${environments.most}`] : [],
  },
};

/** Tells Prometheus when to alert. One object for the whole stack: each costs time in every preview. */
export function prometheusRule(args: AlertsArgs): BuiltObject<"PrometheusRule"> {
  const { scope } = args;
  return built("PrometheusRule", {
    metadata: metadata(scope, "alerts"),
    spec: { groups: [{ name: scope.release, rules: alertingRules(args) }] },
  });
}

/** The alerts of a stack as Prometheus takes them, each once. */
export function alertingRules(args: AlertsArgs) {
  return Object.entries(alerts).flatMap(([alert, { severity, summary, when, ...definition }]) => {
    const expr = when(args).join("\nor\n");
    const labels = { severity, stack: args.scope.stack };
    const annotations = { summary, runbook_url: `${runbookUrl}#${alert.toLowerCase()}` };
    return expr === "" ? [] : [{ alert, expr, for: definition.for, labels, annotations }];
  });
}

/** A metric of Deployments. Default: of each one of the stack. */
function ofDeployments(
  metric: string,
  { namespace, release }: Scope,
  { deployment = `=~"${release}-.+"`, more = "" } = {},
): string {
  const matchers = `namespace="${namespace}",deployment${deployment}${more}`;
  return `max by (namespace, deployment) (kube_deployment_${metric}{${matchers}})`;
}

/** A metric of scheduled jobs. Default: of each one of the stack. */
function ofCronJobs(metric: string, { namespace, release }: Scope, cronjob = `=~"${release}-.+"`): string {
  return `max by (namespace, cronjob) (kube_cronjob_${metric}{namespace="${namespace}",cronjob${cronjob}})`;
}

/** A metric of each namespace of a pull request. */
function ofEnvironments(metric: string, { prefix }: EnvironmentsArgs, more = ""): string {
  return `max by (namespace) (kube_namespace_${metric}{namespace=~"${prefix}[0-9]+"${more}})`;
}

/** What users ask for: probes and Prometheus' own requests are left out. */
function toUsers({ namespace, release }: Scope): string {
  return `namespace="${namespace}",service=~"${release}-.+",path_template!~".*/(healthcheck|metrics)"`;
}

/** How often something happens in a service by the second, over a range such as `[5m]`. */
function rateOf(series: string, range: string): string {
  return `sum by (namespace, service) (rate(${series}${range}))`;
}

/** A share that was larger than usual for an hour, and still is: the last minutes alone may be a rollout. */
function worse(share: (range: string) => string): string {
  const usual = `${share("[1d] offset 1h")} + ${worseBy}`;
  return `${share("[5m]")} > ${usual}\nand\n${share("[1h]")} > ${usual}`;
}

/** The waiting jobs, which each pod of service admin counts in the database. */
function queue(scope: Scope, more = ""): string {
  return `worker_size_jobs_count{namespace="${scope.namespace}",service="${objectName(scope, "admin")}"${more}}`;
}

/** For each size of jobs that pools scale by: how many of them all pools at their largest are to have waiting. */
function boundedSizes(workers: AlertsArgs["workers"]): { readonly size: JobSize; readonly most: number }[] {
  return jobSizes
    .map((size) => {
      const shares = Object.values(workers).map((pool) =>
        "autoscaling" in pool ? pool.autoscaling.maxReplicas * (pool.autoscaling.jobsPerPod[size] ?? 0) : 0,
      );
      return { size, most: shares.reduce((sum, share) => sum + share, 0) };
    })
    .filter(({ most }) => most > 0);
}

/** Deployments of a fixed size that have another. */
function otherReplicas({ scope, services, workers }: AlertsArgs): string[] {
  const fixed = [
    ...Object.entries(services).map(([component, { replicas }]) => ({ component, replicas })),
    ...Object.entries(workers).flatMap(([pool, config]) =>
      "replicas" in config ? [{ component: workerComponent(pool), replicas: config.replicas }] : [],
    ),
  ];
  return fixed.map(({ component, replicas }) => {
    const deployment = `="${objectName(scope, component)}"`;
    return `${ofDeployments("spec_replicas", scope, { deployment })} != ${replicas}`;
  });
}
