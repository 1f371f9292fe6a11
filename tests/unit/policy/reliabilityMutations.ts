import type { RuleName } from "../../../policy/rules";
import type { Mutation } from "./mutation";

const podSpec = ["spec", "template", "spec"] as const;
const container = [...podSpec, "containers", 0] as const;
const api = "Deployment api";
const ours = { labels: { "datasets-server.huggingface.co/stack": "local" }, namespace: "datasets-server" };

/** What rules about rollouts, drains, nodes and the ends of jobs must find. */
export const reliabilityMutations = {
  "disruption-budgets-exist": [
    {
      title: "two pods without a budget",
      changes: [{ remove: "PodDisruptionBudget api" }],
      violations: [
        "Deployment datasets-server-local-api: spec.selector = app=datasets-server-local-api, app.kubernetes.io/instance=datasets-server-local: have a PodDisruptionBudget select its 2 pods [disruption-budgets-exist]",
      ],
    },
  ],
  "failed-runs-can-be-read": [
    {
      title: "runs whose failed pods are deleted, and of which none is kept",
      changes: [
        {
          object: "CronJob backfill",
          at: ["spec", "jobTemplate", "spec", "template", "spec", "restartPolicy"],
          to: "OnFailure",
        },
        { object: "CronJob backfill", at: ["spec", "failedJobsHistoryLimit"], to: 0 },
      ],
      violations: [
        "CronJob datasets-server-local-backfill: spec.jobTemplate.spec.template.spec.restartPolicy = OnFailure: set it to Never, so that a new pod is tried and the failed one stays [failed-runs-can-be-read]",
        "CronJob datasets-server-local-backfill: spec.failedJobsHistoryLimit = 0: keep one failed run or more [failed-runs-can-be-read]",
      ],
    },
    {
      title: "a Job whose failed pod is deleted",
      changes: [{ object: "Job mongodb-initiation", at: [...podSpec, "restartPolicy"], to: "OnFailure" }],
      violations: [
        "Job datasets-server-local-mongodb-initiation: spec.template.spec.restartPolicy = OnFailure: set it to Never, so that a new pod is tried and the failed one stays [failed-runs-can-be-read]",
      ],
    },
  ],
  "jobs-end": [
    {
      title: "runs that may go on and overlap forever",
      changes: [
        { object: "CronJob backfill", at: ["spec", "jobTemplate", "spec", "activeDeadlineSeconds"] },
        { object: "CronJob backfill", at: ["spec", "concurrencyPolicy"] },
        { object: "CronJob backfill", at: ["spec", "startingDeadlineSeconds"] },
      ],
      violations: [
        "CronJob datasets-server-local-backfill: spec.jobTemplate.spec.activeDeadlineSeconds = absent: say after how many seconds a run is stopped [jobs-end]",
        "CronJob datasets-server-local-backfill: spec.concurrencyPolicy = Allow: set it to Forbid, or to Replace [jobs-end]",
        "CronJob datasets-server-local-backfill: spec.startingDeadlineSeconds = absent: say how late a run may still start [jobs-end]",
      ],
    },
    {
      title: "a Job without an end",
      changes: [{ object: "Job mongodb-initiation", at: ["spec", "activeDeadlineSeconds"] }],
      violations: [
        "Job datasets-server-local-mongodb-initiation: spec.activeDeadlineSeconds = absent: say after how many seconds it is stopped [jobs-end]",
      ],
    },
  ],
  "placements-agree": [
    {
      title: "a pool that is selected, and not tolerated",
      stack: "prod",
      changes: [{ object: api, at: [...podSpec, "tolerations"] }],
      violations: [
        "Deployment datasets-server-prod-api: spec.template.spec.tolerations = none: tolerate huggingface.co/datasets-server-api [placements-agree]",
      ],
    },
    {
      title: "a pool that is tolerated, and not selected",
      stack: "prod",
      changes: [{ object: api, at: [...podSpec, "nodeSelector"] }],
      violations: [
        "Deployment datasets-server-prod-api: spec.template.spec.nodeSelector = none: select role-datasets-server-api [placements-agree]",
      ],
    },
    {
      title: "a pool that does not exist",
      stack: "prod",
      changes: [
        { object: api, at: [...podSpec, "nodeSelector"], to: { "role-gpu": "true" } },
        { object: api, at: [...podSpec, "tolerations"], to: [{ key: "huggingface.co/gpu", operator: "Exists" }] },
      ],
      violations: [
        "Deployment datasets-server-prod-api: spec.template.spec.nodeSelector = role-gpu: name one of datasets-server, datasets-server-api, datasets-server-rows, datasets-server-search, datasets-server-webhook, datasets-server-worker, datasets-server-worker-light [placements-agree]",
      ],
    },
  ],
  "pods-drain-first": [
    {
      title: "a server that stops at once",
      changes: [{ object: api, at: [...container, "lifecycle"] }],
      violations: [
        "Deployment datasets-server-local-api: spec.template.spec.containers[0].lifecycle.preStop = absent: have it sleep while the load balancer takes it out [pods-drain-first]",
      ],
    },
    {
      title: "a drain as long as the grace",
      changes: [{ object: api, at: [...podSpec, "terminationGracePeriodSeconds"], to: 15 }],
      violations: [
        "Deployment datasets-server-local-api: spec.template.spec.containers[0].lifecycle.preStop.sleep.seconds = 15: end before the grace of 15 s [pods-drain-first]",
      ],
    },
  ],
  "pods-spread": [
    {
      title: "pods that may share a node",
      changes: [{ object: api, at: [...podSpec, "topologySpreadConstraints", 1] }],
      violations: [
        "Deployment datasets-server-local-api: spec.template.spec.topologySpreadConstraints = topology.kubernetes.io/zone: add one with the topologyKey kubernetes.io/hostname [pods-spread]",
      ],
    },
  ],
  "liveness-outlasts-readiness": [
    {
      title: "no probe that tells whether it is ready",
      changes: [{ object: api, at: [...container, "readinessProbe"] }],
      violations: [
        "Deployment datasets-server-local-api: spec.template.spec.containers[0].readinessProbe = absent: add one [liveness-outlasts-readiness]",
      ],
    },
    {
      title: "a restart no later than the way out of service",
      changes: [{ object: api, at: [...container, "livenessProbe", "failureThreshold"], to: 1 }],
      violations: [
        "Deployment datasets-server-local-api: spec.template.spec.containers[0].livenessProbe = fails after 10 s: fail later than readiness, which does after 15 s [liveness-outlasts-readiness]",
      ],
    },
  ],
  "rollouts-find-room": [
    {
      title: "one more of the biggest pods",
      stack: "prod",
      changes: [{ object: "Deployment search", at: ["spec", "strategy", "rollingUpdate", "maxSurge"], to: 1 }],
      violations: [
        "Deployment datasets-server-prod-search: spec.strategy.rollingUpdate.maxSurge = 1: set it to 0: pods of over 128Gi have nodes made for them, and no spare one [rollouts-find-room]",
      ],
    },
  ],
  "rollouts-keep-serving": [
    {
      title: "all pods stopped before new ones start",
      changes: [{ object: api, at: ["spec", "strategy"], to: { type: "Recreate" } }],
      violations: [
        "Deployment datasets-server-local-api: spec.strategy.type = Recreate: set it to RollingUpdate [rollouts-keep-serving]",
      ],
    },
    {
      title: "all pods replaced at once",
      changes: [{ object: api, at: ["spec", "strategy", "rollingUpdate", "maxUnavailable"], to: "100%" }],
      violations: [
        "Deployment datasets-server-local-api: spec.strategy.rollingUpdate.maxUnavailable = 100%: keep some of its 2 pods [rollouts-keep-serving]",
      ],
    },
  ],
  "scratch-is-bounded": [
    {
      title: "scratch without a size",
      changes: [{ object: api, at: [...podSpec, "volumes", 0, "emptyDir"], to: {} }],
      violations: [
        "Deployment datasets-server-local-api: spec.template.spec.volumes[0].emptyDir.sizeLimit = absent: give a size, such as 1Gi [scratch-is-bounded]",
      ],
    },
    {
      title: "scratch that a container may not fill",
      changes: [{ object: api, at: [...podSpec, "volumes", 0, "emptyDir", "sizeLimit"], to: "100Gi" }],
      violations: [
        "Deployment datasets-server-local-api: spec.template.spec.containers[0].resources.limits.ephemeral-storage = 1408Mi: allow for its volumes' 102528Mi [scratch-is-bounded]",
      ],
    },
  ],
  "workers-take-every-difficulty": [
    {
      title: "no pool for hard jobs",
      changes: [{ remove: "Deployment worker-heavy" }],
      violations: [
        "Deployment datasets-server-local-worker-light: env WORKER_DIFFICULTY_MAX = 40: go up to 100, or add a pool: none takes jobs above 40 [workers-take-every-difficulty]",
      ],
    },
    {
      title: "no pool for easy jobs",
      changes: [{ remove: "Deployment worker-light" }],
      violations: [
        "Deployment datasets-server-local-worker-heavy: env WORKER_DIFFICULTY_MIN = 40: begin at 0, or add a pool: none takes jobs above 0 and up to 40 [workers-take-every-difficulty]",
      ],
    },
  ],
} satisfies Partial<Record<RuleName, readonly Mutation[]>>;

/** What rules about credentials, permissions and network traffic must find. */
export const securityMutations = {
  "credentials-are-secrets": [
    {
      title: "a password in a URL",
      changes: [
        { object: api, at: [...container, "env", 13], to: { name: "CACHE", value: "mongodb://me:hunter2@db" } },
      ],
      violations: [
        "Deployment datasets-server-local-api: spec.template.spec.containers[0].env[13].value = [hidden]: keep CACHE in a Secret, and name that by secretKeyRef [credentials-are-secrets]",
      ],
    },
    {
      title: "a token in a ConfigMap, by its name and by what it looks like",
      changes: [
        { object: "ConfigMap settings-log", at: ["data", "LOG_TOKEN"], to: "hunter2" },
        { object: "ConfigMap settings-log", at: ["data", "LOG_FORMAT"], to: `hf_${"x".repeat(34)}` },
      ],
      violations: [
        "ConfigMap datasets-server-local-settings-log-<hash>: data.LOG_TOKEN = [hidden]: keep it in a Secret [credentials-are-secrets]",
        "ConfigMap datasets-server-local-settings-log-<hash>: data.LOG_FORMAT = [hidden]: keep it in a Secret [credentials-are-secrets]",
      ],
    },
  ],
  "metadata-is-out-of-reach": [
    {
      title: "a way out to everywhere",
      changes: [
        {
          object: "NetworkPolicy network-every-pod",
          at: ["spec", "egress", 1, "to", 0, "ipBlock", "except"],
          to: ["10.0.0.0/8"],
        },
      ],
      violations: [
        "NetworkPolicy datasets-server-local-network-every-pod: spec.egress[1].to = 0.0.0.0/0: except 169.254.0.0/16 [metadata-is-out-of-reach]",
      ],
    },
    {
      title: "a way out that names no range",
      changes: [{ object: "NetworkPolicy network-every-pod", at: ["spec", "egress", 1, "to"] }],
      violations: [
        "NetworkPolicy datasets-server-local-network-every-pod: spec.egress[1].to = anywhere: except 169.254.0.0/16 [metadata-is-out-of-reach]",
      ],
    },
  ],
  "namespaces-are-restricted": [
    {
      title: "a namespace that enforces less",
      changes: [
        {
          object: "Namespace datasets-server",
          at: ["metadata", "labels", "pod-security.kubernetes.io/enforce"],
          to: "baseline",
        },
      ],
      violations: [
        'Namespace datasets-server: metadata.labels["pod-security.kubernetes.io/enforce"] = baseline: set it to restricted [namespaces-are-restricted]',
      ],
    },
  ],
  "objects-are-unique": [
    {
      title: "a second object of one name",
      changes: [
        {
          add: {
            apiVersion: "v1",
            kind: "Service",
            metadata: { name: "datasets-server-local-api", ...ours },
            spec: { ports: [] },
          },
        },
      ],
      violations: [
        "Service datasets-server-local-api: metadata.name = datasets-server-local-api: name it differently: another Service has the name [objects-are-unique]",
      ],
    },
  ],
  "permissions-are-not-given": [
    {
      title: "a role for the pods",
      changes: [
        {
          add: { apiVersion: "rbac.authorization.k8s.io/v1", kind: "RoleBinding", metadata: { name: "pods", ...ours } },
        },
      ],
      violations: [
        "RoleBinding pods: kind = RoleBinding: leave it out: permissions of people and CI are an administrator's, docs/access.md [permissions-are-not-given]",
      ],
    },
  ],
  "services-stay-inside": [
    {
      title: "a load balancer of its own",
      changes: [{ object: "Service api", at: ["spec", "type"], to: "LoadBalancer" }],
      violations: [
        "Service datasets-server-local-api: spec.type = LoadBalancer: make it ClusterIP, with an Ingress in front [services-stay-inside]",
      ],
    },
  ],
} satisfies Partial<Record<RuleName, readonly Mutation[]>>;
