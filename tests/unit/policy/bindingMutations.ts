import type { RuleName } from "../../../policy/rules";
import type { Mutation } from "./mutation";

const container = ["spec", "template", "spec", "containers", 0] as const;
const selector = ["spec", "selector"] as const;

/** What rules about references and selectors must find. */
export const bindingMutations = {
  "references-exist": [
    {
      title: "a key that the Secret does not have",
      changes: [
        { object: "Deployment api", at: [...container, "env", 1, "valueFrom", "secretKeyRef", "key"], to: "URL" },
      ],
      violations: [
        "Deployment datasets-server-local-api: spec.template.spec.containers[0].env[1].valueFrom.secretKeyRef = datasets-server-mongo/URL: name a key of Secret datasets-server-mongo: MONGO_URL [references-exist]",
      ],
    },
    {
      title: "a ConfigMap that is not there",
      changes: [{ object: "Deployment api", at: [...container, "envFrom", 0, "configMapRef", "name"], to: "assets" }],
      violations: [
        "Deployment datasets-server-local-api: spec.template.spec.containers[0].envFrom[0].configMapRef = assets: make a ConfigMap of this name, or name one of the stack's [references-exist]",
      ],
    },
    {
      title: "files of a Secret that is not there and of a key that is not",
      changes: [
        {
          object: "Deployment api",
          at: ["spec", "template", "spec", "volumes", 2],
          to: {
            name: "secrets",
            projected: {
              sources: [
                { secret: { name: "gone" } },
                { secret: { name: "datasets-server-jwt", items: [{ key: "KEYS", path: "KEYS" }] } },
              ],
            },
          },
        },
      ],
      violations: [
        "Deployment datasets-server-local-api: spec.template.spec.volumes[2].projected.sources[0].secret = gone: make a Secret of this name, or name one of the stack's [references-exist]",
        "Deployment datasets-server-local-api: spec.template.spec.volumes[2].projected.sources[1].secret.items[0] = datasets-server-jwt/KEYS: name a key of Secret datasets-server-jwt: API_HF_JWT_ADDITIONAL_PUBLIC_KEYS [references-exist]",
      ],
    },
    {
      title: "a file of a Secret and a variable of a ConfigMap that are not there",
      changes: [
        {
          object: "Deployment api",
          at: ["spec", "template", "spec", "volumes", 2],
          to: { name: "secrets", secret: { secretName: "gone" } },
        },
        {
          object: "Deployment api",
          at: [...container, "env", 13],
          to: { name: "LEVEL", valueFrom: { configMapKeyRef: { name: "levels", key: "LEVEL" } } },
        },
      ],
      violations: [
        "Deployment datasets-server-local-api: spec.template.spec.containers[0].env[13].valueFrom.configMapKeyRef = levels: make a ConfigMap of this name, or name one of the stack's [references-exist]",
        "Deployment datasets-server-local-api: spec.template.spec.volumes[2].secret = gone: make a Secret of this name, or name one of the stack's [references-exist]",
      ],
    },
    {
      title: "an identity that is not the stack's",
      changes: [{ object: "Deployment api", at: ["spec", "template", "spec", "serviceAccountName"] }],
      violations: [
        "Deployment datasets-server-local-api: spec.template.spec.serviceAccountName = default: name a ServiceAccount of the stack: datasets-server-local [references-exist]",
      ],
    },
    {
      title: "a StatefulSet without its Service",
      changes: [{ remove: "Service mongodb" }],
      violations: [
        "StatefulSet datasets-server-local-mongodb: spec.serviceName = datasets-server-local-mongodb: make a Service of this name [references-exist]",
      ],
    },
  ],
  "selectors-are-stable": [
    {
      title: "a label that may change",
      changes: [
        { object: "Deployment api", at: [...selector, "matchLabels", "app.kubernetes.io/managed-by"], to: "pulumi" },
      ],
      violations: [
        "Deployment datasets-server-local-api: spec.selector = app.kubernetes.io/managed-by: select by app and app.kubernetes.io/instance only [selectors-are-stable]",
      ],
    },
  ],
  "selectors-match-their-own": [
    {
      title: "another component's pods",
      changes: [{ object: "Service admin", at: [...selector, "app"], to: "datasets-server-local-api" }],
      violations: [
        "Service datasets-server-local-admin: spec.selector = app=datasets-server-local-api, app.kubernetes.io/instance=datasets-server-local: select what has the label app: datasets-server-local-admin [selectors-match-their-own]",
      ],
    },
    {
      title: "more pods than its own",
      changes: [
        {
          object: "PodDisruptionBudget sse-api",
          at: [...selector, "matchLabels"],
          to: { "app.kubernetes.io/instance": "datasets-server-local" },
        },
        {
          object: "PodDisruptionBudget sse-api",
          at: [...selector, "matchExpressions"],
          to: [{ key: "app", operator: "In", values: ["datasets-server-local-api", "datasets-server-local-sse-api"] }],
        },
      ],
      violations: [
        "PodDisruptionBudget datasets-server-local-sse-api: spec.selector = app.kubernetes.io/instance=datasets-server-local, app In (datasets-server-local-api, datasets-server-local-sse-api): select no more than its own: this is also Deployment datasets-server-local-api [selectors-match-their-own]",
      ],
    },
    {
      title: "no Service",
      changes: [{ object: "ServiceMonitor api", at: [...selector, "matchLabels", "app"], to: "api" }],
      violations: [
        "ServiceMonitor datasets-server-local-api: spec.selector = app=api, app.kubernetes.io/instance=datasets-server-local: select what has the label app: datasets-server-local-api [selectors-match-their-own]",
      ],
    },
    {
      title: "spread over pods that no one has",
      changes: [
        {
          object: "Deployment api",
          at: ["spec", "template", "spec", "topologySpreadConstraints", 0, "labelSelector", "matchLabels", "app"],
          to: "api",
        },
      ],
      violations: [
        "Deployment datasets-server-local-api: spec.template.spec.topologySpreadConstraints[0].labelSelector = app=api, app.kubernetes.io/instance=datasets-server-local: select what has the label app: datasets-server-local-api [selectors-match-their-own]",
      ],
    },
    {
      title: "the pods of every stack in the namespace",
      changes: [
        {
          object: "NetworkPolicy network-every-pod",
          at: ["spec", "podSelector", "matchLabels"],
          to: { "app.kubernetes.io/name": "datasets-server" },
        },
      ],
      violations: [
        "NetworkPolicy datasets-server-local-network-every-pod: spec.podSelector = app.kubernetes.io/name=datasets-server: add app.kubernetes.io/instance, or it selects other stacks' pods too [selectors-match-their-own]",
      ],
    },
    {
      title: "a policy for pods that are not there",
      changes: [
        {
          object: "NetworkPolicy network-every-pod",
          at: ["spec", "egress", 2, "to", 0, "podSelector", "matchExpressions", 0, "values"],
          to: ["mongo"],
        },
      ],
      violations: [
        "NetworkPolicy datasets-server-local-network-every-pod: spec.egress[2].to[0].podSelector = app.kubernetes.io/instance=datasets-server-local, app In (mongo): select pods that the stack has [selectors-match-their-own]",
      ],
    },
  ],
} satisfies Partial<Record<RuleName, readonly Mutation[]>>;
