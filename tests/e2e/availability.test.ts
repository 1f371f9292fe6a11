import assert from "node:assert/strict";
import type { V1Deployment, V1DeploymentStrategy } from "@kubernetes/client-node";
import { type Availability, assertNeverBelow, watchAvailability } from "../support/e2e/availability";
import { type Kubernetes, rolledOut } from "../support/e2e/kubernetes";
import { sharedCluster } from "../support/e2e/world";

const namespace = "availability";
const replicas = 4;

/** Deployments that differ only in how they roll; only the first keeps all its replicas ready. */
const strategies = {
  surge: { type: "RollingUpdate", rollingUpdate: { maxSurge: "25%", maxUnavailable: 0 } },
  quarter: { type: "RollingUpdate", rollingUpdate: { maxSurge: "25%", maxUnavailable: "25%" } },
  half: { type: "RollingUpdate", rollingUpdate: { maxSurge: 0, maxUnavailable: "50%" } },
  recreate: { type: "Recreate" },
} as const satisfies Record<string, V1DeploymentStrategy>;

type StrategyName = keyof typeof strategies;

describe("the measure of a rollout's availability", () => {
  let kubernetes: Kubernetes;
  const seen = new Map<string, Availability>();

  before(async () => {
    ({ kubernetes } = await sharedCluster());
    await kubernetes.core.createNamespace({ body: { metadata: { name: namespace } } });
    await Promise.all(
      Object.entries(strategies).map(async ([name, strategy]) =>
        seen.set(name, await roll(kubernetes, name, strategy)),
      ),
    );
  });
  after(() => kubernetes.core.deleteNamespace({ name: namespace, gracePeriodSeconds: 0 }));

  const judge = (name: StrategyName) => assertNeverBelow(replicas, seen.get(name) ?? { readyEndpoints: [] });

  it("accepts a rollout that adds a pod before it takes one away", () => judge("surge"));

  for (const name of ["quarter", "half", "recreate"] as const) {
    it(`fails for ${JSON.stringify(strategies[name])}`, () => {
      assert.throws(() => judge(name), /fewer than 4 ready endpoints/);
    });
  }
});

async function roll(kubernetes: Kubernetes, name: string, strategy: V1DeploymentStrategy): Promise<Availability> {
  const { apps, core } = kubernetes;
  const body = deployment(name, strategy, "example.com/app:1");
  await apps.createNamespacedDeployment({ namespace, body });
  const ports = [{ port: 80 }];
  await core.createNamespacedService({
    namespace,
    body: { metadata: { name }, spec: { selector: { app: name }, ports } },
  });
  await rolledOut(kubernetes, namespace, name);
  return watchAvailability(kubernetes, { namespace, service: name }, async () => {
    await apps.replaceNamespacedDeployment({
      namespace,
      name,
      body: deployment(name, strategy, "example.com/app:2"),
    });
    await rolledOut(kubernetes, namespace, name);
  });
}

function deployment(name: string, strategy: V1DeploymentStrategy, image: string): V1Deployment {
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
        spec: { terminationGracePeriodSeconds: 3, containers: [{ name: "app", image }] },
      },
    },
  };
}
