import { albPrefix } from "../../../policy/loadBalancer";
import type { RuleName } from "../../../policy/rules";
import type { Mutation } from "./mutation";

const container = ["spec", "template", "spec", "containers", 0] as const;
const selector = ["spec", "selector"] as const;

function named(object: string, to: string, violations: readonly string[]): Mutation {
  return {
    title: `${object} named with ${to.length} characters`,
    changes: [{ object, at: ["metadata", "name"], to }],
    violations,
  };
}

/** What rules about names, numbers of pods and whose the objects are must find. */
export const objectMutations = {
  "autoscalers-own-replicas": [
    {
      title: "an autoscaler of nothing",
      changes: [
        { object: "HorizontalPodAutoscaler worker-heavy", at: ["spec", "scaleTargetRef", "name"], to: "heavy" },
      ],
      violations: [
        "HorizontalPodAutoscaler datasets-server-local-worker-heavy: spec.scaleTargetRef = Deployment heavy: name a Deployment of the stack [autoscalers-own-replicas]",
      ],
    },
    {
      title: "a number of pods that is neither the program's nor an autoscaler's",
      changes: [{ object: "Deployment api", at: ["spec", "replicas"] }],
      violations: [
        "Deployment datasets-server-local-api: spec.replicas = absent: say how many: no autoscaler does, so it would be 1 [autoscalers-own-replicas]",
      ],
    },
    {
      title: "another number of pods than an autoscaler begins with",
      changes: [{ object: "Deployment worker-heavy", at: ["spec", "replicas"], to: 3 }],
      violations: [
        "Deployment datasets-server-local-worker-heavy: spec.replicas = 3: begin with the autoscaler's fewest, 1 [autoscalers-own-replicas]",
      ],
    },
  ],
  "quotas-hold-rollouts": [
    {
      title: "no room for the pods that a rollout adds",
      stack: "pr-7",
      changes: [
        { object: "ResourceQuota quota", at: ["spec", "hard", "pods"], to: "15" },
        { object: "ResourceQuota quota", at: ["spec", "hard", "requests.cpu"], to: "1500m" },
      ],
      violations: [
        'ResourceQuota datasets-server-pr-7-quota: spec.hard["pods"] = 15: make it at least 16, what all pods take while every Deployment rolls [quotas-hold-rollouts]',
        'ResourceQuota datasets-server-pr-7-quota: spec.hard["requests.cpu"] = 1500m: make it at least 1.6, what all pods take while every Deployment rolls [quotas-hold-rollouts]',
      ],
    },
    {
      title: "no room for the pods of a bigger service",
      stack: "pr-7",
      changes: [
        { object: "Deployment api", at: ["spec", "replicas"], to: 12 },
        { object: "ResourceQuota quota", at: ["spec", "hard", "limits.cpu"] },
        { object: "ResourceQuota quota", at: ["spec", "hard", "limits.memory"] },
        { object: "ResourceQuota quota", at: ["spec", "hard", "requests.memory"] },
      ],
      violations: [
        'ResourceQuota datasets-server-pr-7-quota: spec.hard["pods"] = 24: make it at least 29, what all pods take while every Deployment rolls [quotas-hold-rollouts]',
        'ResourceQuota datasets-server-pr-7-quota: spec.hard["requests.cpu"] = 2: make it at least 2.9, what all pods take while every Deployment rolls [quotas-hold-rollouts]',
      ],
    },
  ],
  "configuration-is-read": [
    {
      title: "ConfigMaps and Secrets whose readers are gone",
      changes: ["api", "rows", "search", "webhook"].map((service) => ({ remove: `Deployment ${service}` })),
      violations: [
        "ConfigMap datasets-server-local-settings-cloudfront-<hash>: metadata.name = datasets-server-local-settings-cloudfront-<hash>: have a pod read it, or remove it [configuration-is-read]",
        "ConfigMap datasets-server-local-settings-max-age-<hash>: metadata.name = datasets-server-local-settings-max-age-<hash>: have a pod read it, or remove it [configuration-is-read]",
        "Secret datasets-server-cloudfront: metadata.name = datasets-server-cloudfront: have a pod read it, or remove it [configuration-is-read]",
        "Secret datasets-server-webhook: metadata.name = datasets-server-webhook: have a pod read it, or remove it [configuration-is-read]",
      ],
    },
  ],
  "disruption-budgets-allow-eviction": [
    {
      title: "no pod may go",
      changes: [{ object: "PodDisruptionBudget api", at: ["spec", "maxUnavailable"], to: 0 }],
      violations: [
        "PodDisruptionBudget datasets-server-local-api: spec.maxUnavailable = 0: let at least one of its 2 pods go, as maxUnavailable: 1 does [disruption-budgets-allow-eviction]",
      ],
    },
    {
      title: "every pod must stay",
      changes: [
        { object: "PodDisruptionBudget api", at: ["spec", "maxUnavailable"] },
        { object: "PodDisruptionBudget api", at: ["spec", "minAvailable"], to: "51%" },
      ],
      violations: [
        "PodDisruptionBudget datasets-server-local-api: spec.minAvailable = 51%: let at least one of its 2 pods go, as maxUnavailable: 1 does [disruption-budgets-allow-eviction]",
      ],
    },
    {
      title: "two budgets for the same pods",
      changes: [
        {
          object: "PodDisruptionBudget rows",
          at: [...selector, "matchLabels", "app"],
          to: "datasets-server-local-admin",
        },
      ],
      violations: [
        "PodDisruptionBudget datasets-server-local-rows: spec.selector = app=datasets-server-local-admin, app.kubernetes.io/instance=datasets-server-local: remove it: PodDisruptionBudget datasets-server-local-admin is for the same pods [disruption-budgets-allow-eviction]",
      ],
    },
  ],
  "names-fit": [
    named("CronJob backfill", "c".repeat(53), [
      "CronJob ccccccccccccccccccccccccccccccccccccccccccccccccccccc: metadata.name = ccccccccccccccccccccccccccccccccccccccccccccccccccccc: shorten it from 53 to at most 52 characters: its Jobs' names are 11 characters longer [names-fit]",
    ]),
    named("Deployment api", "d".repeat(47), [
      "Deployment ddddddddddddddddddddddddddddddddddddddddddddddd: metadata.name = ddddddddddddddddddddddddddddddddddddddddddddddd: shorten it from 47 to at most 46 characters: its pods' names are 17 characters longer [names-fit]",
    ]),
    named("Job mongodb-initiation", "j".repeat(58), [
      "Job jjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjj: metadata.name = jjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjj: shorten it from 58 to at most 57 characters: its pods' names are 6 characters longer [names-fit]",
    ]),
    named("StatefulSet mongodb", "m".repeat(53), [
      "StatefulSet mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm: metadata.name = mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm: shorten it from 53 to at most 52 characters: its pods' revision label is 11 characters longer [names-fit]",
    ]),
    named("Service api", "s".repeat(64), [
      "Service ssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssss: metadata.name = ssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssss: shorten it from 64 to at most 63 characters: it is a DNS label [names-fit]",
    ]),
    named("Ingress api", "i".repeat(254), [
      "Ingress iiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiii: metadata.name = iiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiii: shorten it from 254 to at most 253 characters: it is a DNS name [names-fit]",
    ]),
    named("Service api", "api_v2", [
      "Service api_v2: metadata.name = api_v2: use lower-case letters, digits and hyphens between them [names-fit]",
    ]),
    {
      title: "a long label of an object",
      changes: [{ object: "Service api", at: ["metadata", "labels", "version"], to: "v".repeat(64) }],
      violations: [
        'Service datasets-server-local-api: metadata.labels["version"] = vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv: use at most 63 letters, digits, hyphens, dots and underscores [names-fit]',
      ],
    },
    {
      title: "a label of pods with a space",
      changes: [
        {
          object: "CronJob backfill",
          at: ["spec", "jobTemplate", "spec", "template", "metadata", "labels", "v"],
          to: "a b",
        },
      ],
      violations: [
        'CronJob datasets-server-local-backfill: spec.jobTemplate.spec.template.metadata.labels["v"] = a b: use at most 63 letters, digits, hyphens, dots and underscores [names-fit]',
      ],
    },
    {
      title: "a container and a port with names that are none",
      changes: [
        { object: "Deployment api", at: [...container, "name"], to: "API" },
        { object: "Deployment api", at: [...container, "ports", 0, "name"], to: "p".repeat(16) },
      ],
      violations: [
        "Deployment datasets-server-local-api: spec.template.spec.containers[0].name = API: use a DNS label of at most 63 characters [names-fit]",
        "Deployment datasets-server-local-api: spec.template.spec.containers[0].ports[0].name = pppppppppppppppp: use at most 15 characters [names-fit]",
      ],
    },
    {
      title: "a load balancer's name that AWS rejects",
      changes: [
        {
          object: "Ingress api",
          at: ["metadata", "annotations", `${albPrefix}load-balancer-name`],
          to: "b".repeat(33),
        },
      ],
      violations: [
        'Ingress datasets-server-local-api: metadata.annotations["alb.ingress.kubernetes.io/load-balancer-name"] = bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb: shorten it to at most 32 characters: AWS\' limit [names-fit]',
      ],
    },
  ],
  "objects-are-the-stacks": [
    {
      title: "an object in another namespace",
      changes: [{ object: "Service api", at: ["metadata", "namespace"], to: "default" }],
      violations: [
        "Service datasets-server-local-api: metadata.namespace = default: put it in the stack's namespace, datasets-server [objects-are-the-stacks]",
      ],
    },
    {
      title: "an object without the stack's label",
      changes: [{ object: "Service api", at: ["metadata", "labels"], to: { app: "datasets-server-local-api" } }],
      violations: [
        'Service datasets-server-local-api: metadata.labels["datasets-server.huggingface.co/stack"] = absent: set it to local [objects-are-the-stacks]',
      ],
    },
    {
      title: "an object of the whole cluster",
      changes: [
        {
          add: {
            apiVersion: "rbac.authorization.k8s.io/v1",
            kind: "ClusterRole",
            metadata: { name: "reader", labels: { "datasets-server.huggingface.co/stack": "local" } },
          },
        },
      ],
      violations: [
        "ClusterRole reader: metadata.namespace = absent: put it in the stack's namespace, datasets-server [objects-are-the-stacks]",
      ],
    },
  ],
  "rollouts-outlast-starts": [
    {
      title: "a deadline no longer than one start",
      changes: [{ object: "Deployment api", at: ["spec", "progressDeadlineSeconds"], to: 130 }],
      violations: [
        "Deployment datasets-server-local-api: spec.progressDeadlineSeconds = 130: make it longer than the 130 s that a pod may take to start and stay ready [rollouts-outlast-starts]",
      ],
    },
  ],
} satisfies Partial<Record<RuleName, readonly Mutation[]>>;
