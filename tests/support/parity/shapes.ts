import { z } from "zod";
import { engineAnnotations } from "../../../catalog/names";

/**
 * The objects that both systems have, as far as they are compared. A field that is not here is refused rather than
 * ignored: it would be a difference that nobody sees.
 */
const texts = z.record(z.string(), z.string());
const count = z.number();
const amount = z.union([z.string(), z.number()]);
const share = z.union([z.string(), z.number()]);
const port = z.union([z.string(), z.number()]);
const matchLabels = z.strictObject({ matchLabels: texts });

export const metadata = z.strictObject({
  name: z.string(),
  namespace: z.string().optional(),
  labels: texts.default({}),
  annotations: texts
    .default({})
    .transform((all) =>
      Object.fromEntries(Object.entries(all).filter(([key]) => !Object.hasOwn(engineAnnotations, key))),
    ),
});

const podMetadata = z.strictObject({ labels: texts.default({}), annotations: texts.default({}) });

const variable = z.strictObject({
  name: z.string(),
  value: z.string().optional(),
  valueFrom: z.strictObject({ secretKeyRef: z.strictObject({ name: z.string(), key: z.string() }) }).optional(),
});

const mount = z.strictObject({
  name: z.string(),
  mountPath: z.string(),
  subPath: z.string().optional(),
  readOnly: z.boolean().default(false),
  mountPropagation: z.literal("None").optional(),
});

export const probe = z.strictObject({
  httpGet: z.strictObject({ path: z.string(), port }),
  initialDelaySeconds: count.default(0),
  periodSeconds: count.default(10),
  timeoutSeconds: count.default(1),
  failureThreshold: count.default(3),
});

const amounts = z.record(z.string(), amount);

export const container = z.strictObject({
  name: z.string(),
  image: z.string(),
  imagePullPolicy: z.string(),
  command: z.array(z.string()).default([]),
  args: z.array(z.string()).default([]),
  ports: z
    .array(z.strictObject({ name: z.string(), containerPort: count, protocol: z.string().default("TCP") }))
    .default([]),
  env: z.array(variable).default([]),
  envFrom: z.array(z.strictObject({ configMapRef: z.strictObject({ name: z.string() }) })).default([]),
  resources: z.strictObject({ requests: amounts.default({}), limits: amounts.default({}) }).prefault({}),
  startupProbe: probe.optional(),
  readinessProbe: probe.optional(),
  livenessProbe: probe.optional(),
  lifecycle: z.strictObject({ preStop: z.strictObject({ sleep: z.strictObject({ seconds: count }) }) }).optional(),
  terminationMessagePolicy: z.string().default("File"),
  securityContext: z
    .strictObject({
      runAsUser: count.optional(),
      runAsGroup: count.optional(),
      runAsNonRoot: z.boolean().optional(),
      allowPrivilegeEscalation: z.boolean().default(true),
      readOnlyRootFilesystem: z.boolean().default(false),
      capabilities: z.strictObject({ drop: z.array(z.string()) }).prefault({ drop: [] }),
    })
    .prefault({}),
  volumeMounts: z.array(mount).default([]),
});

export const volume = z.strictObject({
  name: z.string(),
  persistentVolumeClaim: z.strictObject({ claimName: z.string() }).optional(),
  emptyDir: z.strictObject({ sizeLimit: amount.optional() }).optional(),
});

export const podTemplate = z.strictObject({
  metadata: podMetadata.prefault({}),
  spec: z.strictObject({
    containers: z.tuple([container]),
    initContainers: z.array(container).default([]),
    volumes: z.array(volume).default([]),
    serviceAccountName: z.string().default("default"),
    automountServiceAccountToken: z.boolean().default(true),
    enableServiceLinks: z.boolean().default(true),
    restartPolicy: z.string().default("Always"),
    terminationGracePeriodSeconds: count.default(30),
    dnsConfig: z.strictObject({ options: z.array(z.strictObject({ name: z.string(), value: z.string() })) }),
    securityContext: z.strictObject({
      runAsUser: count,
      runAsGroup: count,
      runAsNonRoot: z.boolean(),
      fsGroup: count.optional(),
      seccompProfile: z.strictObject({ type: z.string() }).optional(),
    }),
    nodeSelector: texts.default({}),
    tolerations: z.array(z.strictObject({ key: z.string(), operator: z.string(), effect: z.string() })).default([]),
    topologySpreadConstraints: z
      .array(
        z.strictObject({
          topologyKey: z.string(),
          maxSkew: count,
          whenUnsatisfiable: z.string(),
          labelSelector: matchLabels,
        }),
      )
      .default([]),
  }),
});

export const deploymentSpec = z.strictObject({
  replicas: count.optional(),
  revisionHistoryLimit: count.default(10),
  progressDeadlineSeconds: count.default(600),
  minReadySeconds: count.default(0),
  strategy: z.strictObject({
    type: z.string(),
    rollingUpdate: z.strictObject({ maxSurge: share, maxUnavailable: share }).optional(),
  }),
  selector: matchLabels,
  template: podTemplate,
});

export const jobSpec = z.strictObject({
  backoffLimit: count.default(6),
  activeDeadlineSeconds: count.optional(),
  ttlSecondsAfterFinished: count.optional(),
  template: podTemplate,
});

export const cronJobSpec = z.strictObject({
  schedule: z.string(),
  timeZone: z.string().optional(),
  concurrencyPolicy: z.string().default("Allow"),
  startingDeadlineSeconds: count.optional(),
  successfulJobsHistoryLimit: count.default(3),
  failedJobsHistoryLimit: count.default(1),
  jobTemplate: z.strictObject({ metadata: podMetadata.prefault({}), spec: jobSpec }),
});

export const serviceSpec = z.strictObject({
  type: z.string().default("ClusterIP"),
  selector: texts,
  ports: z.array(
    z.strictObject({
      name: z.string(),
      port: count,
      targetPort: port,
      protocol: z.string().default("TCP"),
      nodePort: count.optional(),
    }),
  ),
});

const path = z.strictObject({
  path: z.string(),
  pathType: z.enum(["Exact", "Prefix", "ImplementationSpecific"]),
  backend: z.strictObject({
    service: z.strictObject({ name: z.string(), port: z.strictObject({ name: z.string() }) }),
  }),
});

export const ingressSpec = z.strictObject({
  ingressClassName: z.string().optional(),
  tls: z.array(z.strictObject({ hosts: z.array(z.string()) })).default([]),
  rules: z.array(z.strictObject({ host: z.string(), http: z.strictObject({ paths: z.array(path) }) })),
});

export type IngressPath = z.infer<typeof path>;

const scalingRules = z.strictObject({
  stabilizationWindowSeconds: count,
  policies: z.array(z.strictObject({ type: z.string(), value: count, periodSeconds: count })),
});

export const autoscalerSpec = z.strictObject({
  scaleTargetRef: z.strictObject({ apiVersion: z.string(), kind: z.string(), name: z.string() }),
  minReplicas: count,
  maxReplicas: count,
  metrics: z.array(
    z.strictObject({
      type: z.literal("External"),
      external: z.strictObject({
        metric: z.strictObject({ name: z.string(), selector: matchLabels }),
        target: z.strictObject({ type: z.string(), value: amount.optional(), averageValue: amount.optional() }),
      }),
    }),
  ),
  behavior: z.strictObject({ scaleUp: scalingRules, scaleDown: scalingRules }),
});

export const budgetSpec = z.strictObject({
  maxUnavailable: share,
  unhealthyPodEvictionPolicy: z.string().default("IfHealthyBudget"),
  selector: matchLabels,
});

const endpoint = z.strictObject({ port: z.string(), path: z.string() });
const namespaceSelector = z.strictObject({ matchNames: z.array(z.string()) });

export const serviceMonitorSpec = z.strictObject({
  endpoints: z.tuple([endpoint]),
  namespaceSelector,
  selector: matchLabels,
});

export const podMonitorSpec = z.strictObject({
  podMetricsEndpoints: z.tuple([endpoint]),
  namespaceSelector,
  selector: matchLabels,
});

/** An object of a kind that is in both systems or in one. */
export const anyObject = z.looseObject({ kind: z.string(), metadata: metadata });

export type AnyObject = z.infer<typeof anyObject>;
