import fs from "node:fs";
import https from "node:https";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { stackObjects } from "../../../cli/lib/objects";
import { createCertificate } from "../certificate";
import { type Cluster, newCluster } from "./cluster";
import { suiteFolder } from "./world";

const namespace = "datasets-server";
const pool = "datasets-server-local-worker-heavy";

/** Of the API by which Kubernetes asks for metrics from outside it. */
const group = "external.metrics.k8s.io";
const version = "v1beta1";

/** Of the pool here. */
const mostPods = 5;

/** Stack local's pool heavy, on a cluster with its autoscaler and a queue that the test fills. */
export class ScaledPool {
  /** Waiting jobs by size. */
  readonly waiting = { heavy: 0, medium: 0 };
  /** How many pods were asked for, since the start, each change once. */
  readonly history: number[] = [];
  private isOver = false;

  private constructor(
    private readonly cluster: Cluster,
    private readonly server: https.Server,
  ) {}

  static async start(): Promise<ScaledPool> {
    const cluster = await newCluster(await suiteFolder("scaled"), "fast");
    const folder = await suiteFolder("metrics");
    const { key, certificate } = createCertificate(folder, ["localhost"]);
    const server = https.createServer({ key, cert: fs.readFileSync(certificate) });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    const scaled = new ScaledPool(cluster, server);
    server.on("request", (request, response) => {
      const { pathname, searchParams } = new URL(request.url ?? "/", "https://localhost");
      const answer = scaled.answer(pathname, searchParams.get("labelSelector") ?? "");
      response.writeHead(answer === undefined ? 404 : 200, { "content-type": "application/json" });
      response.end(JSON.stringify(answer ?? {}));
    });
    await scaled.createObjects();
    void scaled.watch();
    return scaled;
  }

  /** Waits until so many pods are asked for; returns how long it took, in seconds. */
  async reaches(pods: number, withinSeconds: number): Promise<number> {
    const started = Date.now();
    while (this.history.at(-1) !== pods) {
      const seconds = (Date.now() - started) / 1000;
      if (seconds > withinSeconds) throw new Error(`${this.history.join(", ")} pods after ${seconds} s`);
      await sleep(200);
    }
    return (Date.now() - started) / 1000;
  }

  async stop(): Promise<void> {
    this.isOver = true;
    this.server.closeAllConnections();
    this.server.close();
    await this.cluster.stop();
  }

  private async createObjects(): Promise<void> {
    const { core, objects } = this.cluster.kubernetes;
    const address: AddressInfo | string | null = this.server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    await core.createNamespace({ body: { metadata: { name: namespace } } });
    await core.createNamespacedService({
      namespace,
      body: { metadata: { name: "metrics" }, spec: { type: "ExternalName", externalName: "localhost" } },
    });
    const apiService = {
      apiVersion: "apiregistration.k8s.io/v1",
      kind: "APIService",
      metadata: { name: `${version}.${group}` },
      spec: {
        ...{ group, version, groupPriorityMinimum: 100, versionPriority: 100, insecureSkipTLSVerify: true },
        service: { name: "metrics", namespace, port },
      },
    };
    await objects.create(apiService);
    const wanted = ["ServiceAccount", "Deployment", "HorizontalPodAutoscaler"];
    for (const object of stackObjects("local").filter(({ kind }) => wanted.includes(kind))) {
      if (object.kind === "Deployment" && object.metadata.name !== pool) continue;
      await objects.create(object);
    }
    const autoscaler = { apiVersion: "autoscaling/v2", kind: "HorizontalPodAutoscaler" };
    await objects.patch({ ...autoscaler, metadata: { name: pool, namespace }, spec: { maxReplicas: mostPods } });
  }

  /** What the API says: which metrics there are, or the value of one. */
  private answer(path: string, labelSelector: string): object | undefined {
    const metric = "worker_size_jobs_count";
    const groupVersion = `${group}/${version}`;
    if (path === `/apis/${groupVersion}`) {
      const resource = { name: metric, singularName: "", namespaced: true, kind: "ExternalMetricValueList" };
      return { apiVersion: "v1", kind: "APIResourceList", groupVersion, resources: [{ ...resource, verbs: ["get"] }] };
    }
    if (path !== `/apis/${groupVersion}/namespaces/${namespace}/${metric}`) return undefined;
    const [size] = (["heavy", "medium"] as const).filter((each) => labelSelector === `worker_size=${each}`);
    if (size === undefined) return undefined;
    const item = { metricName: metric, metricLabels: { worker_size: size }, value: String(this.waiting[size]) };
    return {
      apiVersion: groupVersion,
      kind: "ExternalMetricValueList",
      metadata: {},
      items: [{ ...item, timestamp: new Date().toISOString() }],
    };
  }

  private async watch(): Promise<void> {
    while (!this.isOver) {
      const { apps } = this.cluster.kubernetes;
      const found = await apps.readNamespacedDeployment({ name: pool, namespace }).catch(() => undefined);
      const pods = found?.spec?.replicas;
      if (pods !== undefined && pods !== this.history.at(-1)) this.history.push(pods);
      await sleep(500);
    }
  }
}
