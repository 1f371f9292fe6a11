import { containerPort } from "../../catalog/ports";
import type { Variables } from "../foundation/settings";
import { httpProbes } from "./probes";
import { processMetricsPath, scratchVolume } from "./volumes";
import type { WorkloadArgs } from "./workload";

/** A web server of the application: a service's own, or the one by which a worker tells how it is. */
export interface ServerArgs {
  /** The Python package it is started from. */
  readonly package: string;
  readonly healthPath: string;
  /** How long a start may take; seconds. */
  readonly startupSeconds: number;
  /** Whether clients wait for it, or it only reports on work. */
  readonly role: "serving" | "working";
  /** Time for the load balancer to learn that a pod leaves, before the pod is told to stop; seconds. Default: none. */
  readonly drainSeconds?: number;
}

/** How its web server is told to run. */
export interface ServerSettings {
  readonly variablePrefix: string;
  readonly listenAddress: string;
  readonly uvicornWorkers: number;
}

/** What a server's container has that a job's has not. */
export function server(args: ServerArgs) {
  const { drainSeconds } = args;
  return {
    // A restarted container finds the metrics of processes that are gone, and would count them forever.
    command: [
      "/bin/sh",
      "-c",
      `rm -f ${processMetricsPath}/*.db && exec poetry run python src/${args.package}/main.py`,
    ],
    volumes: [scratchVolume("process-metrics", processMetricsPath, "128Mi")],
    container: {
      port: { name: "http", containerPort },
      probes: httpProbes(args.healthPath, args.startupSeconds, args.role),
      ...(drainSeconds && { preStop: { sleep: { seconds: drainSeconds } } }),
    },
  } satisfies Partial<WorkloadArgs>;
}

/** The variables by which a server is told how to run. */
export function serverVariables({ variablePrefix, listenAddress, uvicornWorkers }: ServerSettings): Variables {
  return {
    PROMETHEUS_MULTIPROC_DIR: processMetricsPath,
    [`${variablePrefix}_UVICORN_HOSTNAME`]: listenAddress,
    [`${variablePrefix}_UVICORN_NUM_WORKERS`]: String(uvicornWorkers),
    [`${variablePrefix}_UVICORN_PORT`]: String(containerPort),
  };
}
