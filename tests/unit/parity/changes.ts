import type { ComparedStack } from "../../support/parity/differences";

type Place = readonly (string | number)[];

/** A change of our objects that parity must notice. */
export interface Change {
  /** Default: prod. */
  readonly stack?: ComparedStack;
  readonly kind: string;
  readonly component: string;
  /** Which of a component's two ingresses. Default: the public one. */
  readonly internal?: boolean;
  readonly at: Place;
  /** Default: what is there is taken out. */
  readonly to?: unknown;
  /** Every new complaint, in words that it begins with. */
  readonly noticed: readonly string[];
}

const template: Place = ["spec", "template", "spec"];
const main: Place = [...template, "containers", 0];
const rules: Place = ["spec", "rules", 0, "http", "paths"];
const annotation = (name: string): Place => ["metadata", "annotations", `alb.ingress.kubernetes.io/${name}`];

export const changes: Readonly<Record<string, Change>> = {
  "a dropped setting, in every workload that reads it": {
    kind: "ConfigMap",
    component: "settings-hub-api",
    at: ["data", "API_HF_AUTH_PATH"],
    noticed: ["api", "rows", "search", "sse-api", "webhook"].map(
      (component) =>
        `prod, ${component} (pods): env > API_HF_AUTH_PATH is /api/datasets/%s/auth-check in the chart and absent here.`,
    ),
  },
  "another value of a setting": {
    stack: "ephemeral",
    kind: "Deployment",
    component: "admin",
    at: [...main, "env", 11, "value"],
    to: "9",
    noticed: ["ephemeral, admin (pods): env > ADMIN_MAX_AGE is 10 in the chart and 9 here."],
  },
  "a variable that the chart has not": {
    kind: "Deployment",
    component: "webhook",
    at: [...main, "env", 15],
    to: { name: "API_DEBUG", value: "true" },
    noticed: ["prod, webhook (pods): env > API_DEBUG is absent in the chart and true here."],
  },
  "another secret in a variable": {
    kind: "Deployment",
    component: "worker-heavy",
    at: [...main, "env", 1, "valueFrom", "secretKeyRef", "key"],
    to: "HF_TOKEN",
    noticed: [
      "prod, worker-heavy (pods): env > CACHE_MONGO_URL is secret MONGO_URL in the chart and secret HF_TOKEN here.",
    ],
  },
  "the loss of a difference that is meant": {
    kind: "Deployment",
    component: "api",
    at: [...main, "env", 0],
    noticed: ["prod: docs/differences.md says that pods > api > env > HOME is absent in the chart and /tmp here,"],
  },
  "another number of pods": {
    kind: "Deployment",
    component: "api",
    at: ["spec", "replicas"],
    to: 19,
    noticed: ["prod, api (deployments): replicas is 20 in the chart and 19 here."],
  },
  "a number of pods that the autoscaler should set": {
    kind: "Deployment",
    component: "worker-light",
    at: ["spec", "replicas"],
    to: 4,
    noticed: ["prod, worker-light (deployments): replicas is left to the autoscaler in the chart and 4 here."],
  },
  "a missing toleration": {
    kind: "Deployment",
    component: "search",
    at: [...template, "tolerations"],
    noticed: [
      "prod, search (pods): placement > tolerated is huggingface.co/datasets-server-search Exists NoSchedule in",
    ],
  },
  "another node pool": {
    kind: "Deployment",
    component: "rows",
    at: [...template, "nodeSelector"],
    to: { "role-datasets-server": "true" },
    noticed: ["prod, rows (pods): placement > nodes is role-datasets-server-rows=true in the chart and"],
  },
  "less memory": {
    kind: "Deployment",
    component: "rows",
    at: [...main, "resources", "limits", "memory"],
    to: "6500Mi",
    noticed: ["prod, rows (pods): resources > limits > memory is 8Gi in the chart and 6500Mi here."],
  },
  "another port of a probe": {
    kind: "Deployment",
    component: "api",
    at: [...main, "readinessProbe", "httpGet", "port"],
    to: 80,
    noticed: [
      "prod, api (pods): probes > readiness > asks is /healthcheck on 8080 in the chart and /healthcheck on 80 here.",
    ],
  },
  "another folder of the shared volume": {
    kind: "Deployment",
    component: "search",
    at: [...main, "volumeMounts", 2, "subPath"],
    to: "parquet-metadata/",
    noticed: [
      "prod, search (pods): mounts > /storage/parquet-metadata > folder is datasets-server/prod/parquet-metadata/ in",
    ],
  },
  "a rollout that ends every pod at once, where that was mended": {
    kind: "Deployment",
    component: "worker-heavy",
    at: ["spec", "strategy"],
    to: { type: "Recreate" },
    noticed: ["strategy", "maxSurge", "maxUnavailable"].map(
      (name) => `prod: docs/differences.md says that deployments > worker-heavy > rollout > ${name} is `,
    ),
  },
  "another image": {
    kind: "CronJob",
    component: "backfill",
    at: ["spec", "jobTemplate", ...main, "image"],
    to: "707930574880.dkr.ecr.us-east-1.amazonaws.com/hub-datasets-server-worker:sha-59db084",
    noticed: ["prod, backfill (pods): image > program is cache_maintenance in the chart and worker here."],
  },
  "another schedule": {
    stack: "ephemeral",
    kind: "CronJob",
    component: "queue-metrics-collector",
    at: ["spec", "schedule"],
    to: "14 00 * * *",
    noticed: [
      "ephemeral, queue-metrics-collector (scheduledJobs): schedule is */10 * * * * in the chart and 14 00 * * * here.",
    ],
  },
  "another bound of an autoscaler": {
    kind: "HorizontalPodAutoscaler",
    component: "worker-medium",
    at: ["spec", "maxReplicas"],
    to: 40,
    noticed: ["prod, worker-medium (autoscaling): maxReplicas is 80 in the chart and 40 here."],
  },
  "another target of an autoscaler": {
    kind: "HorizontalPodAutoscaler",
    component: "worker-medium",
    at: ["spec", "metrics", 0, "external", "target", "averageValue"],
    to: "50",
    noticed: [
      "prod, worker-medium (autoscaling): metrics > worker_size_jobs_count of worker_size=medium > jobs is 150 in",
    ],
  },
  "an order that puts a route behind all others": {
    kind: "Ingress",
    component: "rows",
    at: annotation("group.order"),
    to: "200",
    noticed: ["prod, public (entrances): order is Exact /admin/metrics, Prefix /admin, Prefix /rows, Prefix /search,"],
  },
  "a lost route": {
    kind: "Ingress",
    component: "search",
    internal: true,
    at: [...rules, 1],
    noticed: [
      "prod, internal (entrances): order is Prefix /rows, Prefix /search, Prefix /filter, Prefix /sse,",
      "prod, internal (entrances): rules > Prefix /filter > host is internal.datasets-server.huggingface.co in",
      "prod, internal (entrances): rules > Prefix /filter > answer is search 8080 in the chart and absent here.",
      "prod: docs/differences.md says that entrances > internal > order is ",
    ],
  },
  "metrics that the public can read": {
    kind: "Ingress",
    component: "admin",
    at: [...rules, 0],
    noticed: [
      "prod, public (entrances): order is Exact /admin/metrics, Prefix /admin, ",
      "prod, public (entrances): rules > Exact /admin/metrics > host is datasets-server.huggingface.co in the chart and",
      'prod, public (entrances): rules > Exact /admin/metrics > answer is {"fixedResponseConfig":',
    ],
  },
  "another answer of the load balancer": {
    kind: "Ingress",
    component: "api",
    at: annotation("actions.openapi-redirect"),
    to: '{"type":"redirect","redirectConfig":{"host":"elsewhere.invalid","statusCode":"HTTP_302"}}',
    noticed: ['prod, public (entrances): rules > Exact /openapi.json > answer is {"redirectConfig":'],
  },
  "a route to another service": {
    kind: "Ingress",
    component: "webhook",
    at: [...rules, 0, "backend", "service", "name"],
    to: "datasets-server-prod-api",
    noticed: [
      "prod, public (entrances): rules > Prefix /webhook > answer is webhook 8080 in the chart and api 8080 here.",
    ],
  },
  "a load balancer that is open to the internet": {
    kind: "Ingress",
    component: "webhook",
    at: annotation("scheme"),
    to: "internet-facing",
    noticed: ["prod, public (entrances): scheme is internal in the chart and internal, internet-facing here."],
  },
  "a Service that leads to other pods": {
    kind: "Service",
    component: "rows",
    at: ["spec", "selector", "app"],
    to: "datasets-server-prod-api",
    noticed: [
      "prod, rows (services): ports > http is 80 TCP to rows 8080 in the chart and 80 TCP to api 8080 here.",
      "prod, public (entrances): rules > Prefix /rows > answer is rows 8080 in the chart and api 8080 here.",
      "prod, internal (entrances): rules > Prefix /rows > answer is rows 8080 in the chart and api 8080 here.",
    ],
  },
  "a budget for other pods": {
    kind: "PodDisruptionBudget",
    component: "sse-api",
    at: ["spec", "selector", "matchLabels", "app"],
    to: "datasets-server-prod-api",
    noticed: ["prod, sse-api (budgets): selects is its own in the chart and api here."],
  },
  "another path of a monitor": {
    kind: "ServiceMonitor",
    component: "admin",
    at: ["spec", "endpoints", 0, "path"],
    to: "/metrics",
    noticed: ["prod, admin (monitors): path is /admin/metrics in the chart and /metrics here."],
  },
};
