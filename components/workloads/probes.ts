import type * as k8s from "@pulumi/kubernetes";

type Probe = k8s.types.input.core.v1.Probe;

/** The three questions the kubelet asks a container, each with an answer of its own weight. */
export interface Probes {
  readonly startupProbe: Probe;
  readonly readinessProbe: Probe;
  readonly livenessProbe: Probe;
}

interface Threshold {
  readonly periodSeconds: number;
  readonly failures: number;
  /** The time from being told to stop to being stopped once it has failed. Default: the pod's own. */
  readonly graceSeconds?: number;
}

/** How long a server may be silent, by its role. */
const thresholds = {
  /**
   * Its clients wait: out of the load balancer after 15 s, restarted after 65 s. It has no grace to answer open requests, as one
   * that does not answer for so long will not.
   */
  serving: {
    timeoutSeconds: 5,
    readiness: { periodSeconds: 5, failures: 3 },
    liveness: { periodSeconds: 10, failures: 6, graceSeconds: 5 },
  },
  /** A heavy job may keep its processor busy: not ready after 60 s, restarted, and its job lost, after 180 s. */
  working: {
    timeoutSeconds: 10,
    readiness: { periodSeconds: 10, failures: 6 },
    liveness: { periodSeconds: 10, failures: 18 },
  },
} as const;

/** Time between two questions while a container starts; seconds. */
const startupPeriod = 5;

/**
 * Probes of a web server on its port named `http`, for a start of up to `startupSeconds`.
 *
 * The application has one answer to give, so all three ask for it. What differs is how much silence each of them takes.
 */
export function httpProbes(path: string, startupSeconds: number, role: keyof typeof thresholds): Probes {
  const { timeoutSeconds, readiness, liveness } = thresholds[role];
  const probe = ({ periodSeconds, failures, graceSeconds }: Threshold) => ({
    httpGet: { path, port: "http" },
    timeoutSeconds,
    periodSeconds,
    failureThreshold: failures,
    ...(graceSeconds !== undefined && { terminationGracePeriodSeconds: graceSeconds }),
  });
  return {
    startupProbe: probe({ periodSeconds: startupPeriod, failures: Math.ceil(startupSeconds / startupPeriod) }),
    readinessProbe: probe(readiness),
    livenessProbe: probe(liveness),
  };
}
