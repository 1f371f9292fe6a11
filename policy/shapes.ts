import { z } from "zod";
import { podTemplateShape } from "./podShapes";
import { labelsShape, selectorShape } from "./selectors";

const identity = {
  kind: z.string(),
  metadata: z.object({
    name: z.string(),
    namespace: z.string().optional(),
    /** Only objects that come from an API server have one, and with it fields that nobody has set. */
    uid: z.string().optional(),
    labels: labelsShape.default({}),
    annotations: labelsShape.default({}),
  }),
};

const amount = z.union([z.number(), z.string()]);

const intOrPercent = amount.optional();

const portReference = z.union([z.string(), z.number()]);

const podSpec = { template: podTemplateShape };

const backend = z.object({
  service: z.object({
    name: z.string(),
    port: z.object({ name: z.string(), number: z.number() }).partial(),
  }),
});

const peers = z
  .array(
    z.object({
      podSelector: selectorShape.optional(),
      namespaceSelector: selectorShape.optional(),
      ipBlock: z.object({ cidr: z.string(), except: z.array(z.string()).default([]) }).optional(),
    }),
  )
  .default([]);

const policyPorts = z
  .array(
    z.object({
      protocol: z.string().default("TCP"),
      port: portReference.optional(),
      endPort: z.number().optional(),
    }),
  )
  .default([]);

const namespaceNames = z
  .object({ matchNames: z.array(z.string()).default([]), any: z.boolean().default(false) })
  .optional();

const endpoints = z.array(z.object({ port: z.string().optional(), path: z.string().default("/metrics") }));

/** The part of each kind that rules read. */
export const objectShape = z.object(identity);
export const deploymentShape = z.object({
  ...identity,
  spec: z.object({
    ...podSpec,
    selector: selectorShape,
    replicas: z.number().optional(),
    strategy: z
      .object({
        type: z.string().default("RollingUpdate"),
        rollingUpdate: z.object({ maxSurge: amount.default("25%"), maxUnavailable: amount.default("25%") }).optional(),
      })
      .default({ type: "RollingUpdate", rollingUpdate: { maxSurge: "25%", maxUnavailable: "25%" } }),
    minReadySeconds: z.number().default(0),
    progressDeadlineSeconds: z.number().default(600),
  }),
});
export const statefulSetShape = z.object({
  ...identity,
  spec: z.object({
    ...podSpec,
    selector: selectorShape,
    serviceName: z.string().optional(),
    replicas: z.number().default(1),
    volumeClaimTemplates: z.array(z.object({ metadata: z.object({ name: z.string() }) })).default([]),
  }),
});
export const quotaShape = z.object({ ...identity, spec: z.object({ hard: z.record(z.string(), z.string()) }) });
export const selectedPodsShape = z.object({ ...identity, spec: z.object({ ...podSpec, selector: selectorShape }) });
const jobSpec = z.object({ ...podSpec, activeDeadlineSeconds: z.number().optional() });
export const jobShape = z.object({ ...identity, spec: jobSpec });
export const cronJobShape = z.object({
  ...identity,
  spec: z.object({
    concurrencyPolicy: z.string().default("Allow"),
    startingDeadlineSeconds: z.number().optional(),
    jobTemplate: z.object({ spec: jobSpec }),
  }),
});
export const podShape = z.object({ ...identity, spec: podTemplateShape.shape.spec });
export const serviceShape = z.object({
  ...identity,
  spec: z.object({
    type: z.string().default("ClusterIP"),
    selector: labelsShape.default({}),
    ports: z.array(
      z.object({
        name: z.string().optional(),
        port: z.number(),
        targetPort: portReference.optional(),
        nodePort: z.number().optional(),
        protocol: z.string().default("TCP"),
      }),
    ),
  }),
});
export const ingressShape = z.object({
  ...identity,
  spec: z.object({
    defaultBackend: backend.optional(),
    rules: z
      .array(
        z.object({
          host: z.string().optional(),
          http: z.object({
            paths: z.array(
              z.object({
                path: z.string().default("/"),
                pathType: z.enum(["Exact", "Prefix", "ImplementationSpecific"]),
                backend,
              }),
            ),
          }),
        }),
      )
      .default([]),
  }),
});
export const configMapShape = z.object({ ...identity, data: labelsShape.default({}) });
export const secretShape = z.object({
  ...identity,
  data: z.record(z.string(), z.unknown()).default({}),
  stringData: z.record(z.string(), z.unknown()).default({}),
});
export const autoscalerShape = z.object({
  ...identity,
  spec: z.object({
    scaleTargetRef: z.object({ kind: z.string(), name: z.string() }),
    minReplicas: z.number().default(1),
    maxReplicas: z.number().default(1),
  }),
});
export const disruptionBudgetShape = z.object({
  ...identity,
  spec: z.object({ selector: selectorShape, maxUnavailable: intOrPercent, minAvailable: intOrPercent }),
});
export const serviceMonitorShape = z.object({
  ...identity,
  spec: z.object({ selector: selectorShape, namespaceSelector: namespaceNames, endpoints }),
});
export const podMonitorShape = z.object({
  ...identity,
  spec: z.object({ selector: selectorShape, namespaceSelector: namespaceNames, podMetricsEndpoints: endpoints }),
});
export const networkPolicyShape = z.object({
  ...identity,
  spec: z.object({
    podSelector: selectorShape,
    policyTypes: z.array(z.enum(["Ingress", "Egress"])).optional(),
    ingress: z.array(z.object({ from: peers, ports: policyPorts })).default([]),
    egress: z.array(z.object({ to: peers, ports: policyPorts })).default([]),
  }),
});

export type KubernetesObject = z.infer<typeof objectShape>;
export type Service = z.infer<typeof serviceShape>;
export type Ingress = z.infer<typeof ingressShape>;
export type Backend = z.infer<typeof backend>;
export type Secret = z.infer<typeof secretShape>;
export type DisruptionBudget = z.infer<typeof disruptionBudgetShape>;
export type ServiceMonitor = z.infer<typeof serviceMonitorShape>;
export type NetworkPolicy = z.infer<typeof networkPolicyShape>;
export type Peer = z.infer<typeof peers>[number];
export type PolicyPort = z.infer<typeof policyPorts>[number];
