import assert from "node:assert/strict";
import type { V1Deployment, V1DeploymentStrategy } from "@kubernetes/client-node";
import { type Placement, placement } from "../../catalog/nodePools";
import type { Surge } from "../../catalog/rollouts";
import { services } from "../../catalog/services";
import { workerSurge } from "../../catalog/workers";
import { type Availability, assertNeverBelow, leastReady, watchAvailability } from "../support/e2e/availability";
import { chartStrategy } from "../support/e2e/chart";
import type { Cluster } from "../support/e2e/cluster";
import { drainPool, nodePools } from "../support/e2e/drains";
import { rolledOut } from "../support/e2e/kubernetes";
import { sharedCluster } from "../support/e2e/world";

const namespace = "availability";

/** Pods that roll are where no node is drained meanwhile. */
const awayFromDrains = placement({
  label: "role-datasets-server-api=true",
  taint: "huggingface.co/datasets-server-api:NoSchedule",
});

interface App {
  readonly name: string;
  readonly replicas: number;
  readonly strategy: V1DeploymentStrategy;
  /** Default: any node without a taint. */
  readonly placement?: Placement;
}

const rolling = (surge: Surge): V1DeploymentStrategy => ({ type: "RollingUpdate", rollingUpdate: { ...surge } });

const rolled = (name: string, strategy: V1DeploymentStrategy): App => ({
  name,
  replicas: 4,
  strategy,
  placement: awayFromDrains,
});

/** Served by a Service, as web services are. */
const serving = {
  api: rolled("api", rolling(services.api.surge)),
  search: rolled("search", rolling(services.search.surge)),
  chartApi: rolled("chart-api", chartStrategy("api")),
};

/** Without a Service, as workers are. */
const working = {
  worker: rolled("worker", rolling(workerSurge)),
  chartWorker: rolled("chart-worker", chartStrategy("worker-heavy")),
};

const drained = {
  withBudget: { name: "with-budget", replicas: 2, strategy: {} },
  withoutBudget: { name: "without-budget", replicas: 2, strategy: {} },
};

describe("the measure of availability", () => {
  let cluster: Cluster;
  let seen: ReadonlyMap<string, Availability>;

  before(async () => {
    cluster = await sharedCluster();
    const { kubernetes } = cluster;
    await kubernetes.core.createNamespace({ body: { metadata: { name: namespace } } });
    const exposed = [...Object.values(serving), ...Object.values(drained)];
    const apps = [...exposed, ...Object.values(working)];
    for (const { name } of exposed) await expose(cluster, name);
    await allowOneMissing(cluster, drained.withBudget.name);
    await Promise.all(apps.map((app) => deploy(cluster, app)));
    const names = (some: readonly App[]) => some.map(({ name }) => name);
    const watched = { namespace, services: names(exposed), apps: names(Object.values(working)) };
    seen = await watchAvailability(kubernetes, watched, async () => {
      const anyPods = (await nodePools(cluster)).get("") ?? [];
      const rolls = [...Object.values(serving), ...Object.values(working)].map((app) => roll(cluster, app));
      await Promise.all([drainPool(cluster, anyPods), ...rolls]);
    });
  });
  after(() => cluster.kubernetes.core.deleteNamespace({ name: namespace, gracePeriodSeconds: 0 }));

  const judge = ({ name, replicas }: App, surge: Surge) =>
    assertNeverBelow({ [name]: leastReady(surge, replicas) }, seen);

  it("accepts a rollout that adds a pod before it takes one away", () => judge(serving.api, services.api.surge));

  it("accepts a rollout that takes as many pods away as the row allows", () => {
    judge(serving.search, services.search.surge);
    judge(working.worker, workerSurge);
    assert.throws(() => judge(serving.search, services.api.surge), /search: fewer than 4 ready pods: 4, 3/);
  });

  it("fails for the chart's services, which take a pod away before another is ready", () => {
    assert.throws(() => judge(serving.chartApi, services.api.surge), /chart-api: fewer than 4 ready pods: 4, 3/);
  });

  it("fails for the chart's workers, which all end before the first new one starts", () => {
    assert.throws(() => judge(working.chartWorker, workerSurge), /chart-worker: fewer than 3 ready pods: 4, .*0/);
  });

  it("accepts a drain that a disruption budget holds back", () => {
    assertNeverBelow({ [drained.withBudget.name]: 1 }, seen);
  });

  it("fails for a drain without a disruption budget", () => {
    const judgement = () => assertNeverBelow({ [drained.withoutBudget.name]: 1 }, seen);
    assert.throws(judgement, /without-budget: fewer than 1 ready pods: 2, .*0/);
  });

  it("fails when it has not seen every pod replaced", () => {
    const { name } = serving.api;
    const history = seen.get(name) ?? [];
    const interrupted = new Map([[name, history.slice(0, history.length / 2)]]);
    assert.throws(
      () => assertNeverBelow({ [name]: 4 }, interrupted),
      /api: \d of 4 pods were there from beginning to end/,
    );
  });
});

async function expose({ kubernetes }: Cluster, name: string): Promise<void> {
  const spec = { selector: { app: name }, ports: [{ port: 80 }] };
  await kubernetes.core.createNamespacedService({ namespace, body: { metadata: { name }, spec } });
}

async function allowOneMissing({ kubernetes }: Cluster, name: string): Promise<void> {
  const spec = { maxUnavailable: 1, selector: { matchLabels: { app: name } } };
  await kubernetes.policy.createNamespacedPodDisruptionBudget({ namespace, body: { metadata: { name }, spec } });
}

async function deploy({ kubernetes }: Cluster, app: App): Promise<void> {
  await kubernetes.apps.createNamespacedDeployment({ namespace, body: deployment(app, "example.com/app:1") });
  await rolledOut(kubernetes, namespace, app.name);
}

async function roll({ kubernetes }: Cluster, app: App): Promise<void> {
  const body = deployment(app, "example.com/app:2");
  await kubernetes.apps.replaceNamespacedDeployment({ namespace, name: app.name, body });
  await rolledOut(kubernetes, namespace, app.name);
}

function deployment({ name, replicas, strategy, placement }: App, image: string): V1Deployment {
  const labels = { app: name };
  return {
    metadata: { name },
    spec: {
      replicas,
      strategy,
      minReadySeconds: 2,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { ...placement, terminationGracePeriodSeconds: 3, containers: [{ name: "app", image }] },
      },
    },
  };
}
