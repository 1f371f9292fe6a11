import { z } from "zod";

// The part of each kind that rules read, with what Kubernetes would fill in.

const name = z.string();
const count = z.number();
const texts = z.record(z.string(), z.string()).default({});
const numberOrText = z.union([z.number(), z.string()]);

function list<Item extends z.ZodType>(item: Item) {
  return z.array(item).prefault([]);
}

const selector = z.strictObject({
  matchLabels: texts,
  matchExpressions: list(z.strictObject({ key: z.string(), operator: z.literal("In"), values: z.array(z.string()) })),
});

const probe = z
  .object({
    initialDelaySeconds: count.default(0),
    periodSeconds: count.default(10),
    failureThreshold: count.default(3),
    httpGet: z.object({ port: numberOrText }).optional(),
  })
  .optional();

/** What both a pod and a container may set. */
const security = {
  runAsNonRoot: z.boolean().optional(),
  runAsUser: count.optional(),
  seccompProfile: z.object({ type: z.string() }).optional(),
};

const quantities = z.record(z.string(), numberOrText.transform(String)).default({});

const keyReference = z.object({ name, key: z.string() }).optional();

const container = z.object({
  name,
  image: z.string().default(""),
  ports: list(
    z.object({
      name: name.optional(),
      containerPort: count,
      hostPort: count.optional(),
      protocol: z.string().default("TCP"),
    }),
  ),
  env: list(
    z.object({
      name,
      value: z.string().optional(),
      valueFrom: z.looseObject({ secretKeyRef: keyReference, configMapKeyRef: keyReference }).optional(),
    }),
  ),
  envFrom: list(
    z.object({
      prefix: z.string().default(""),
      configMapRef: z.object({ name }).optional(),
      secretRef: z.object({ name }).optional(),
    }),
  ),
  resources: z.object({ requests: quantities, limits: quantities }).prefault({}),
  securityContext: z
    .object({
      ...security,
      privileged: z.boolean().optional(),
      allowPrivilegeEscalation: z.boolean().optional(),
      readOnlyRootFilesystem: z.boolean().optional(),
      procMount: z.string().default("Default"),
      capabilities: z.object({ add: list(z.string()), drop: list(z.string()) }).prefault({}),
    })
    .prefault({}),
  lifecycle: z.object({ preStop: z.object({ sleep: z.object({ seconds: count }).optional() }).optional() }).default({}),
  startupProbe: probe,
  readinessProbe: probe,
  livenessProbe: probe,
  volumeMounts: list(z.object({ name })),
});

const items = list(z.object({ key: z.string() }));
const configMapSource = z.object({ name, items }).optional();

const volume = z.looseObject({
  name,
  configMap: configMapSource,
  secret: z.object({ secretName: name, items }).optional(),
  projected: z
    .object({ sources: z.array(z.looseObject({ secret: configMapSource, configMap: configMapSource })) })
    .optional(),
  persistentVolumeClaim: z.object({ claimName: name }).optional(),
  emptyDir: z.object({ sizeLimit: z.string().optional(), medium: z.string().optional() }).optional(),
});

const template = z.object({
  metadata: z.object({ labels: texts }).prefault({}),
  spec: z.object({
    serviceAccountName: name.default("default"),
    automountServiceAccountToken: z.boolean().default(true),
    hostNetwork: z.boolean().default(false),
    hostPID: z.boolean().default(false),
    hostIPC: z.boolean().default(false),
    securityContext: z.object({ ...security, sysctls: list(z.unknown()) }).prefault({}),
    terminationGracePeriodSeconds: count.default(30),
    restartPolicy: z.string().default("Always"),
    nodeSelector: texts,
    tolerations: list(z.object({ key: z.string().default("") })),
    topologySpreadConstraints: list(z.object({ topologyKey: z.string(), labelSelector: selector.optional() })),
    affinity: z.object({ podAntiAffinity: z.unknown() }).partial().default({}),
    initContainers: list(container),
    containers: z.array(container),
    volumes: list(volume),
  }),
});

const identity = {
  kind: z.string(),
  metadata: z.object({ name, namespace: name.optional(), labels: texts, annotations: texts }),
};

function kind<Spec extends z.ZodRawShape>(spec: Spec) {
  return z.object({ ...identity, spec: z.object(spec) });
}

const jobSpec = { template, activeDeadlineSeconds: count.optional() };

const backend = z.object({
  service: z.object({ name, port: z.object({ name: name.optional(), number: count.optional() }) }),
});

const path = z.object({
  path: z.string().default("/"),
  pathType: z.enum(["Exact", "Prefix", "ImplementationSpecific"]),
  backend,
});

const peer = z.object({
  podSelector: selector.optional(),
  namespaceSelector: selector.optional(),
  ipBlock: z.object({ cidr: z.string(), except: list(z.string()) }).optional(),
});

const policyPort = z.object({
  protocol: z.string().default("TCP"),
  port: numberOrText.optional(),
  endPort: count.optional(),
});

const monitored = {
  selector,
  namespaceSelector: z.object({ matchNames: list(name), any: z.boolean().default(false) }).optional(),
};

const endpoints = z.array(z.object({ port: name.optional(), path: z.string().default("/metrics") }));

export const objectShape = z.object(identity);
export const deploymentShape = kind({
  template,
  selector,
  replicas: count.optional(),
  strategy: z
    .object({
      type: z.string().default("RollingUpdate"),
      rollingUpdate: z
        .object({ maxSurge: numberOrText.default("25%"), maxUnavailable: numberOrText.default("25%") })
        .prefault({}),
    })
    .prefault({}),
  minReadySeconds: count.default(0),
  progressDeadlineSeconds: count.default(600),
});
export const statefulSetShape = kind({
  template,
  selector,
  serviceName: name.optional(),
  replicas: count.default(1),
});
export const jobShape = kind(jobSpec);
export const cronJobShape = kind({
  concurrencyPolicy: z.string().default("Allow"),
  startingDeadlineSeconds: count.optional(),
  failedJobsHistoryLimit: count.default(1),
  jobTemplate: z.object({ spec: z.object(jobSpec) }),
});
export const serviceShape = kind({
  type: z.string().default("ClusterIP"),
  selector: texts,
  ports: z.array(
    z.object({
      name: name.optional(),
      port: count,
      targetPort: numberOrText.optional(),
      nodePort: count.optional(),
    }),
  ),
});
export const ingressShape = kind({
  defaultBackend: backend.optional(),
  rules: list(z.object({ host: z.string().optional(), http: z.object({ paths: z.array(path) }) })),
});
export const configMapShape = z.object({ ...identity, data: texts });
export const secretShape = z.object({ ...identity, data: texts, stringData: texts });
export const autoscalerShape = kind({
  scaleTargetRef: z.object({ kind: z.string(), name }),
  minReplicas: count.default(1),
  maxReplicas: count,
});
export const disruptionBudgetShape = kind({
  selector,
  maxUnavailable: numberOrText.optional(),
  minAvailable: numberOrText.optional(),
});
export const serviceMonitorShape = kind({ ...monitored, endpoints });
export const podMonitorShape = kind({ ...monitored, podMetricsEndpoints: endpoints });
export const quotaShape = kind({ hard: texts });
export const networkPolicyShape = kind({
  podSelector: selector,
  policyTypes: z.array(z.enum(["Ingress", "Egress"])).optional(),
  ingress: list(z.object({ from: list(peer), ports: list(policyPort) })),
  egress: list(z.object({ to: list(peer), ports: list(policyPort) })),
});

export type KubernetesObject = z.infer<typeof objectShape>;
export type Selector = z.infer<typeof selector>;
export type PodTemplate = z.infer<typeof template>;
export type Container = z.infer<typeof container>;
export type Secret = z.infer<typeof secretShape>;
export type Ingress = z.infer<typeof ingressShape>;
export type Backend = z.infer<typeof backend>;
export type NetworkPolicy = z.infer<typeof networkPolicyShape>;
export type Peer = z.infer<typeof peer>;
export type PolicyPort = z.infer<typeof policyPort>;
