import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ApiException, type V1Pod } from "@kubernetes/client-node";
import { jobNames } from "../../../catalog/jobs";
import { type ServiceName, serviceNames } from "../../../catalog/services";
import type { StandInImage } from "../../../tools/standin";
import type { Engine } from "./engine";
import { rolledOut, stayingPods } from "./kubernetes";
import { imagesOfLocal, type RealCluster, startRealCluster, withTraffic } from "./realNode";
import { setStackFile } from "./stackFile";
import { localClusterVariables, newEngine, suiteFolder } from "./world";

const namespace = "datasets-server";
const release = "datasets-server-local";

/** Of each service; production's have more, by the same strategies, probes and times. */
const replicas = 2;

/** The tag of a round's images. */
const tagOf = (round: number) => `sha-${String(round).padStart(7, "0")}`;

const logLevels = ["WARNING", "ERROR"] as const;

/** A path of each service that its server answers, when the database has answered it. */
const paths: Readonly<Record<ServiceName, string>> = {
  admin: "/admin/x",
  api: "/valid",
  rows: "/rows",
  search: "/search",
  "sse-api": "/sse/hub-cache",
  webhook: "/webhook",
};

/** How many requests there are while something happens. */
interface Load {
  /** Time between two requests of a stream; milliseconds. There are two streams for each service. */
  readonly everyMs: number;
  readonly atLeast: number;
  /** Default: all. */
  readonly services?: readonly ServiceName[];
}

/**
 * What may happen to the stack, in the first round or a later one. A node cannot be drained where there is no other: its pods
 * are evicted, as a drain does it.
 */
export const changes = {
  "another image": async (stack, round) => {
    await stack.engine.configure("images.tag", tagOf(round));
    await stack.update();
  },
  "another environment variable": async (stack, round) => {
    await stack.engine.configure("env.LOG_LEVEL", logLevels[round % logLevels.length] ?? "INFO");
    await stack.update();
  },
  "another secret": async (stack) => {
    await stack.newToken();
    await stack.update();
  },
  "a pod of each service deleted": async (stack) => {
    for (const service of serviceNames) {
      const [pod] = await stack.podsOf(service);
      await stack.cluster.kubernetes.core.deleteNamespacedPod({ name: pod?.metadata?.name ?? "", namespace });
    }
    await stack.settled();
  },
  "every pod evicted, as budgets let them go": async (stack) => {
    const pods = (await Promise.all(serviceNames.map((service) => stack.podsOf(service)))).flat();
    await Promise.all(pods.map(({ metadata }) => stack.evict(metadata?.name ?? "")));
    await stack.settled();
  },
  "the database restarted, which requests wait for": async ({ cluster: { kubectl } }) => {
    await kubectl("delete", "pod", `${release}-mongodb-0`, "--namespace", namespace);
    await kubectl("rollout", "status", `statefulset/${release}-mongodb`, "--timeout=90s", "--namespace", namespace);
  },
  "more replicas, and fewer": async (stack) => {
    for (const count of [3, replicas]) {
      for (const service of serviceNames) await stack.engine.configure(`services.${service}.replicas`, String(count));
      await stack.update();
    }
  },
} as const satisfies Readonly<Record<string, (stack: ServingStack, round: number) => Promise<unknown>>>;

/** Stack local on a real node, whose services are asked while it changes. */
export class ServingStack {
  private constructor(
    readonly cluster: RealCluster,
    readonly engine: Engine,
  ) {}

  /**
   * Brings it up, with images for so many rounds of changes.
   *
   * @param furtherTags of images: by tag, what the stand-in of these is told
   */
  static async start(
    rounds: number,
    furtherTags: Readonly<Record<string, StandInImage["environment"]>> = {},
  ): Promise<ServingStack> {
    const tags = Object.fromEntries(Array.from({ length: rounds }, (_, index) => [tagOf(index + 1), {}]));
    const cluster = await startRealCluster(await imagesOfLocal({ ...tags, ...furtherTags }));
    const engine = await newEngine("local", await suiteFolder("local"), localClusterVariables(cluster));
    await setStackFile(path.join(engine.folder, "Pulumi.local.yaml"), (set) => {
      for (const service of serviceNames) {
        set(["services", service, "replicas"], replicas);
        // A machine of two processors is to have room for three pods of each, and for those that a rollout adds.
        set(["services", service, "resources", "requests", "cpu"], "20m");
      }
      // Their pods would come and go on the same two processors.
      for (const job of jobNames) set(["jobs", job], undefined);
    });
    const stack = new ServingStack(cluster, engine);
    await stack.newToken();
    await stack.update();
    return stack;
  }

  /** Asks its services while something happens; prints why requests failed. Returns how many there were, and the failures. */
  async asked(
    { everyMs, atLeast, services = serviceNames }: Load,
    action: () => Promise<unknown>,
  ): Promise<{ readonly requests: number; readonly failures: readonly string[] }> {
    const asked = Object.fromEntries(services.map((service) => [service, paths[service]]));
    const traffic = await withTraffic(this.cluster, { everyMs, atLeast, paths: asked }, action);
    const { failures, slowestSeconds } = traffic;
    const requests = Object.values(traffic.requests).reduce((sum, count) => sum + count, 0);
    console.log(`      ${requests} requests, ${failures.length} failed, the slowest took ${slowestSeconds} s`);
    if (failures.length > 0) {
      const lines = (await this.cluster.loadBalancerLog()).split("\n").filter((line) => / 50\d /.test(line));
      console.log(lines.slice(-20).join("\n"));
    }
    return { requests, failures };
  }

  async update(): Promise<void> {
    const { code, stdout, stderr } = await this.engine.up();
    assert.equal(code, 0, stdout + stderr);
    await this.settled();
  }

  /** Every pod is there and ready, and those that were told to stop are gone. */
  async settled(): Promise<void> {
    const { kubernetes, kubectl } = this.cluster;
    for (const service of serviceNames) await rolledOut(kubernetes, namespace, `${release}-${service}`);
    const { items } = await kubernetes.core.listNamespacedPod({ namespace });
    for (const { metadata } of items.filter(({ metadata }) => metadata?.deletionTimestamp !== undefined)) {
      await kubectl("wait", "--for=delete", "--timeout=90s", `pod/${metadata?.name}`, "--namespace", namespace);
    }
  }

  podsOf(service: ServiceName): Promise<V1Pod[]> {
    return stayingPods(this.cluster.kubernetes, namespace, `${release}-${service}`);
  }

  newToken(): Promise<void> {
    return this.engine.setSecret("hfToken", `hf_${randomBytes(12).toString("hex")}`);
  }

  /** Evicts a pod as a drain does: again and again while its disruption budget keeps it. */
  async evict(name: string): Promise<void> {
    for (;;) {
      try {
        const body = { metadata: { name } };
        await this.cluster.kubernetes.core.createNamespacedPodEviction({ name, namespace, body });
        return;
      } catch (error) {
        if (!(error instanceof ApiException && error.code === 429)) throw error;
        await sleep(1000);
      }
    }
  }
}
