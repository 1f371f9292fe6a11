import assert from "node:assert/strict";
import { forecast, mostSeconds, type PlannedObject } from "../../../cli/forecast/forecast";
import { forecastLines } from "../../../cli/forecast/text";
import { plainObjects } from "../../../cli/lib/objects";
import { readStack } from "../../../cli/lib/stackFile";

interface Deployed {
  readonly replicas?: number;
  readonly image?: string;
  readonly strategy?: unknown;
  readonly pool?: string;
}

function deployment({ replicas, image = "app:1", strategy, pool }: Deployed = {}) {
  const container = { name: "app", image, resources: { requests: { cpu: "500m", memory: "1Gi" } } };
  return {
    kind: "Deployment",
    metadata: { name: "app", namespace: "here" },
    spec: {
      ...(replicas !== undefined && { replicas }),
      ...(strategy !== undefined && { strategy }),
      progressDeadlineSeconds: 300,
      selector: { matchLabels: { app: "app" } },
      template: { spec: { ...(pool && { nodeSelector: { pool } }), containers: [container] } },
    },
  };
}

const autoscaler = (minReplicas: number, maxReplicas: number) => ({
  kind: "HorizontalPodAutoscaler",
  metadata: { name: "app", namespace: "here" },
  spec: { scaleTargetRef: { kind: "Deployment", name: "app" }, minReplicas, maxReplicas },
});

function change(before: PlannedObject["before"], after: PlannedObject["after"], more: Partial<PlannedObject> = {}) {
  return { ...(before && { before }), ...(after && { after }), replaced: false, touched: [], ...more };
}

const rolling = (maxSurge: number | string, maxUnavailable: number | string) => ({
  type: "RollingUpdate",
  rollingUpdate: { maxSurge, maxUnavailable },
});

/** What a new image does to pods of which there are so many, and which roll like this. */
function restarts(replicas: number, strategy: unknown, more: Partial<PlannedObject> = {}) {
  const [before, after] = ["app:1", "app:2"].map((image) => deployment({ replicas, strategy, image }));
  const [workload] = forecast([change(before, after, more)]).workloads;
  const counts = [workload?.restarts, workload?.atOnce, workload?.ready].map((range) => range?.most);
  return [...counts, workload?.order];
}

describe("the forecast of a plan", () => {
  it("restarts as many pods at a time as the strategy lets it, and keeps the rest ready", () => {
    assert.deepEqual(restarts(8, rolling("25%", 0)), [8, 2, 8, "new first"]);
    assert.deepEqual(restarts(8, rolling(0, "25%")), [8, 2, 6, "old first"]);
    assert.deepEqual(restarts(3, rolling(0, "25%")), [3, 1, 2, "old first"]);
    assert.deepEqual(restarts(1, rolling(0, 1)), [1, 1, 0, "old first"]);
    assert.deepEqual(restarts(4, undefined), [4, 2, 3, "old first"]);
  });

  it("has all pods end first where the strategy says so, or where the object is replaced", () => {
    assert.deepEqual(restarts(4, { type: "Recreate" }), [4, 4, 0, "all at once"]);
    assert.deepEqual(restarts(4, rolling("25%", 0), { replaced: true }), [4, 4, 0, "all at once"]);
  });

  it("restarts nothing for another number of pods, or another strategy", () => {
    const counts = (before: Deployed, after: Deployed) => {
      const { workloads, undisturbed } = forecast([change(deployment(before), deployment(after))]);
      return [workloads.map((it) => [it.restarts.most, it.before.most, it.after.most, it.ready.most]), undisturbed];
    };
    assert.deepEqual(counts({ replicas: 2 }, { replicas: 5 }), [[[0, 2, 5, 2]], 0]);
    assert.deepEqual(counts({ replicas: 5 }, { replicas: 2 }), [[[0, 5, 2, 2]], 0]);
    assert.deepEqual(counts({ replicas: 5 }, { replicas: 5, strategy: rolling(1, 0) }), [[], 1]);
  });

  it("restarts pods whose template differs from what is live alone", () => {
    const same = deployment({ replicas: 2 });
    const { workloads } = forecast([change(same, same, { touched: ["spec.template.spec.containers[0].env"] })]);
    assert.deepEqual(
      workloads.map(({ restarts }) => restarts.most),
      [2],
    );
  });

  it("counts pods within the bounds of their autoscaler", () => {
    const objects = [change(deployment(), deployment({ image: "app:2" })), change(autoscaler(2, 6), autoscaler(2, 8))];
    const [workload] = forecast(objects).workloads;
    assert.deepEqual(workload?.restarts, { fewest: 2, most: 6 });
    assert.deepEqual(workload?.after, { fewest: 2, most: 8 });
  });

  it("runs a Job that is new or replaced, before the pods, and no other", () => {
    const job = { kind: "Job", metadata: { name: "once" }, spec: { activeDeadlineSeconds: 600, ...deployment().spec } };
    const roll = change(deployment({ replicas: 1 }), deployment({ replicas: 1, image: "app:2" }));
    const whole = forecast([change(undefined, job), roll]);
    assert.deepEqual(whole.jobs, [{ name: "once", deadlineSeconds: 600 }]);
    assert.equal(mostSeconds(whole), 900);
    assert.equal(forecast([change(job, job, { replaced: true })]).jobs.length, 1);
    assert.deepEqual(forecast([change(job, job), change(job, undefined)]).jobs, []);
  });

  it("tells which nodes are asked for more, at fewest and at most", () => {
    const objects = [
      change(deployment({ pool: "old" }), deployment({ pool: "new" })),
      change(autoscaler(1, 4), autoscaler(1, 4)),
    ];
    assert.deepEqual(
      forecast(objects).nodePools.map(({ label, before, after }) => [label, before.cpu, after.cpu]),
      [
        ["pool=new", { fewest: 0, most: 0 }, { fewest: 0.5, most: 2 }],
        ["pool=old", { fewest: 0.5, most: 2 }, { fewest: 0, most: 0 }],
      ],
    );
  });

  it("tells what is left of a quota while pods roll", () => {
    const quota = {
      kind: "ResourceQuota",
      metadata: { name: "quota" },
      spec: { hard: { pods: "6", "requests.cpu": "4" } },
    };
    const objects = [change(quota, quota), change(undefined, deployment({ replicas: 2, strategy: rolling(1, 0) }))];
    assert.deepEqual(forecast(objects).quota, [
      { name: "pods", hard: 6, used: 3 },
      { name: "requests.cpu", hard: 4, used: 1.5 },
    ]);
  });

  it("tells the addresses that clients lose and get", () => {
    const service = (port: number) => ({
      kind: "Service",
      metadata: { name: "app", namespace: "here" },
      spec: { ports: [{ port }] },
    });
    assert.deepEqual(forecast([change(service(80), service(8080))]).addresses, {
      gone: ["app.here.svc:80"],
      added: ["app.here.svc:8080"],
    });
  });

  it("finds nothing to say of a stack that stays as it is", () => {
    for (const stack of ["prod", "ephemeral", "local", "pr-7"]) {
      const objects = plainObjects(readStack(stack).config.datasetsServer);
      const { workloads, jobs, scheduledJobs, nodePools } = forecast(objects.map((object) => change(object, object)));
      assert.deepEqual([workloads, jobs, scheduledJobs, nodePools], [[], [], [], []]);
    }
  });

  it("is a sentence and tables on a terminal", () => {
    const [before, after] = ["app:1", "app:2"].map((image) =>
      deployment({ replicas: 4, image, strategy: rolling(0, 1) }),
    );
    assert.equal(
      forecastLines(forecast([change(before, after)])),
      [
        "4 pods restart; all new pods are ready in 5m 00s at most; below the usual number meanwhile: app.",
        "",
        "workload  pods       how                     ready meanwhile  at most",
        "app       4 restart  1 at a time, old first  3 of 4           5m 00s",
      ].join("\n"),
    );
  });
});
