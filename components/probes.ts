import type * as k8s from "@pulumi/kubernetes";

type Probe = k8s.types.input.core.v1.Probe;

/** The three questions the kubelet asks a container, each with an answer of its own weight. */
export interface Probes {
  readonly startupProbe: Probe;
  readonly readinessProbe: Probe;
  readonly livenessProbe: Probe;
}

/** Time between two questions while a container starts; seconds. */
const startupPeriod = 5;

/**
 * Probes of a web server on its port named `http`.
 *
 * A start may take `startupSeconds`. A ready pod leaves the load balancer after 15 s without an answer, and is
 * restarted only after 60 s: a short stall must not cost the pod what it has in memory.
 */
export function httpProbes(path: string, startupSeconds: number): Probes {
  const question = { httpGet: { path, port: "http" }, timeoutSeconds: 5 };
  return {
    startupProbe: {
      ...question,
      periodSeconds: startupPeriod,
      failureThreshold: Math.ceil(startupSeconds / startupPeriod),
    },
    readinessProbe: { ...question, periodSeconds: 5, failureThreshold: 3 },
    livenessProbe: { ...question, periodSeconds: 10, failureThreshold: 6 },
  };
}
