import * as assert from "node:assert/strict";
import type { Surge } from "../../../../catalog/rollouts";
import { httpProbes } from "../../../../components/workloads/probes";
import { rolloutBudget } from "../../../../components/workloads/rollout";

describe("probes", () => {
  const seconds = ({ failureThreshold, periodSeconds }: { failureThreshold?: unknown; periodSeconds?: unknown }) =>
    Number(failureThreshold) * Number(periodSeconds);

  it("allow a start its whole budget, rounded up to a question", () => {
    assert.equal(seconds(httpProbes("/healthcheck", 121, "serving").startupProbe), 125);
  });

  it("take a silent service out of the load balancer long before it is restarted", () => {
    const { readinessProbe, livenessProbe } = httpProbes("/healthcheck", 120, "serving");
    assert.deepEqual([seconds(readinessProbe), seconds(livenessProbe)], [15, 60]);
  });

  it("give a worker time to answer while a job keeps its processor busy", () => {
    const { readinessProbe, livenessProbe } = httpProbes("/healthcheck", 120, "working");
    assert.deepEqual([seconds(readinessProbe), seconds(livenessProbe)], [60, 180]);
  });

  it("ask one question, of the port by its name", () => {
    for (const { httpGet } of Object.values(httpProbes("/healthcheck", 120, "serving"))) {
      assert.deepEqual(httpGet, { path: "/healthcheck", port: "http" });
    }
  });
});

describe("the time a rollout may take", () => {
  const quarterMore: Surge = { maxSurge: "25%", maxUnavailable: 0 };
  const budget = (replicas: number, surge = quarterMore) =>
    rolloutBudget({ replicas, surge, startupSeconds: 120, minReadySeconds: 10, terminationGracePeriodSeconds: 45 });

  it("is a full start for each wave of extra pods", () => {
    assert.deepEqual(budget(20), { progressDeadlineSeconds: 4 * 190, timeout: "820s" });
  });

  it("rounds extra pods up, as Kubernetes does: one at least", () => {
    assert.equal(budget(1).progressDeadlineSeconds, 190);
    assert.equal(budget(3, { maxSurge: "10%", maxUnavailable: 0 }).progressDeadlineSeconds, 3 * 190);
  });

  it("counts the end of an old pod where the new one needs its place", () => {
    assert.equal(budget(3, { maxSurge: 0, maxUnavailable: 1 }).progressDeadlineSeconds, 3 * (190 + 45));
  });

  it("rounds missing pods down, as Kubernetes does, and still goes on", () => {
    const quarterLess: Surge = { maxSurge: 0, maxUnavailable: "25%" };
    assert.equal(budget(3, quarterLess).progressDeadlineSeconds, 3 * (190 + 45));
    assert.equal(budget(40, quarterLess).progressDeadlineSeconds, 4 * (190 + 45));
  });

  it("is that of the number of pods that takes longest, of all that an autoscaler may choose", () => {
    const quarterLess: Surge = { maxSurge: 0, maxUnavailable: "25%" };
    const times = { startupSeconds: 120, minReadySeconds: 10, terminationGracePeriodSeconds: 45 };
    const budget = rolloutBudget({ replicas: 50, fewestReplicas: 4, surge: quarterLess, ...times });
    assert.equal(budget.progressDeadlineSeconds, 7 * (190 + 45));
  });

  it("is one wave for a service that is stopped", () => assert.equal(budget(0).progressDeadlineSeconds, 190));

  it("has the engine wait a minute longer than Kubernetes", () => {
    for (const replicas of [0, 1, 7, 20, 500]) {
      const { progressDeadlineSeconds, timeout } = budget(replicas);
      assert.equal(timeout, `${progressDeadlineSeconds + 60}s`);
    }
  });
});
