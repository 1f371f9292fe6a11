import { z } from "zod";
import { labelsShape, selectorShape } from "./selectors";

const name = z.string();

const keyReference = z.object({ name, key: z.string() });

const portReference = z.union([z.string(), z.number()]);

const quantities = z.record(z.string(), z.union([z.string(), z.number()]).transform(String)).default({});

const probe = z.object({
  initialDelaySeconds: z.number().default(0),
  periodSeconds: z.number().default(10),
  failureThreshold: z.number().default(3),
  httpGet: z.object({ port: portReference, host: z.string().optional() }).optional(),
});

const seccompProfile = z.object({ type: z.string() }).optional();

const containerSecurity = z.object({
  privileged: z.boolean().optional(),
  allowPrivilegeEscalation: z.boolean().optional(),
  readOnlyRootFilesystem: z.boolean().optional(),
  runAsNonRoot: z.boolean().optional(),
  runAsUser: z.number().optional(),
  runAsGroup: z.number().optional(),
  procMount: z.string().optional(),
  seccompProfile,
  capabilities: z
    .object({ add: z.array(z.string()).default([]), drop: z.array(z.string()).default([]) })
    .default({ add: [], drop: [] }),
});

const containerShape = z.object({
  name,
  image: z.string().default(""),
  ports: z
    .array(
      z.object({
        name: name.optional(),
        containerPort: z.number(),
        hostPort: z.number().optional(),
        protocol: z.string().default("TCP"),
      }),
    )
    .default([]),
  env: z
    .array(
      z.object({
        name,
        value: z.string().optional(),
        valueFrom: z.looseObject({ secretKeyRef: keyReference, configMapKeyRef: keyReference }).partial().optional(),
      }),
    )
    .default([]),
  envFrom: z
    .array(
      z.object({
        prefix: z.string().default(""),
        configMapRef: z.object({ name }).optional(),
        secretRef: z.object({ name }).optional(),
      }),
    )
    .default([]),
  resources: z.object({ requests: quantities, limits: quantities }).default({ requests: {}, limits: {} }),
  securityContext: containerSecurity.default({ capabilities: { add: [], drop: [] } }),
  lifecycle: z
    .object({ preStop: z.object({ sleep: z.object({ seconds: z.number() }).optional() }).optional() })
    .default({}),
  startupProbe: probe.optional(),
  readinessProbe: probe.optional(),
  livenessProbe: probe.optional(),
  volumeMounts: z.array(z.object({ name, mountPath: z.string() })).default([]),
});

const items = z.array(z.object({ key: z.string() })).default([]);

const projectedSource = z
  .looseObject({
    secret: z.object({ name, items }),
    configMap: z.object({ name, items }),
  })
  .partial();

const volumeShape = z.looseObject({
  name,
  configMap: z.object({ name, items }).optional(),
  secret: z.object({ secretName: name, items }).optional(),
  projected: z.object({ sources: z.array(projectedSource) }).optional(),
  persistentVolumeClaim: z.object({ claimName: name }).optional(),
  emptyDir: z.object({ sizeLimit: z.string().optional(), medium: z.string().optional() }).optional(),
});

/** A pod as its template describes it, with what Kubernetes would fill in where a rule reads it. */
export const podTemplateShape = z.object({
  metadata: z.object({ labels: labelsShape.default({}) }).default({ labels: {} }),
  spec: z.object({
    serviceAccountName: name.default("default"),
    automountServiceAccountToken: z.boolean().default(true),
    hostNetwork: z.boolean().default(false),
    hostPID: z.boolean().default(false),
    hostIPC: z.boolean().default(false),
    securityContext: z
      .object({
        runAsNonRoot: z.boolean().optional(),
        runAsUser: z.number().optional(),
        runAsGroup: z.number().optional(),
        seccompProfile,
        sysctls: z.array(z.unknown()).default([]),
      })
      .default({ sysctls: [] }),
    terminationGracePeriodSeconds: z.number().default(30),
    nodeSelector: labelsShape.default({}),
    tolerations: z.array(z.object({ key: z.string().default("") })).default([]),
    topologySpreadConstraints: z
      .array(z.object({ topologyKey: z.string(), labelSelector: selectorShape.optional() }))
      .default([]),
    affinity: z.object({ podAntiAffinity: z.unknown() }).partial().default({}),
    initContainers: z.array(containerShape).default([]),
    containers: z.array(containerShape),
    volumes: z.array(volumeShape).default([]),
  }),
});

export type PodTemplate = z.infer<typeof podTemplateShape>;
export type Container = z.infer<typeof containerShape>;
export type Volume = z.infer<typeof volumeShape>;
export type Probe = z.infer<typeof probe>;
