import assert from "node:assert/strict";
import type { V1ContainerStatus, V1Pod } from "@kubernetes/client-node";
import { eventTexts, logSource, reasons, tellingPod } from "../../../../cli/diagnosis/unready";

const started = new Date("2026-11-01T10:00:00Z");

function container(status: Partial<V1ContainerStatus> = {}): V1ContainerStatus {
  return { name: "api", image: "api:1", imageID: "", ready: false, restartCount: 0, ...status };
}

const ended = (exitCode: number) => ({ terminated: { exitCode, reason: "Error" } });

const crashing = container({ state: { waiting: { reason: "CrashLoopBackOff" } }, lastState: ended(1) });

function pod(name: string, containers: readonly V1ContainerStatus[], ready = "False", age = 0): V1Pod {
  return {
    metadata: { name, creationTimestamp: new Date(started.getTime() - age) },
    status: {
      conditions: [{ type: "Ready", status: ready, reason: "ContainersNotReady", message: "unready:\n [api]" }],
      containerStatuses: [...containers],
    },
  };
}

const warning = (message: string, minute: number, count = 1) => ({
  metadata: {},
  involvedObject: {},
  type: "Warning",
  reason: "Unhealthy",
  message,
  count,
  lastTimestamp: new Date(started.getTime() + minute * 60_000),
});

describe("why a workload is not ready", () => {
  it("is asked of a pod that crashes or waits before one that only starts, and never of a ready one", () => {
    const starting = pod("starting", [container({ state: { running: {} } })]);
    const pods = [pod("ready", [container()], "True"), starting, pod("crashing", [crashing], "False", 5_000)];
    assert.equal(tellingPod(pods)?.metadata?.name, "crashing");
    assert.equal(tellingPod(pods.slice(0, 2))?.metadata?.name, "starting");
    assert.equal(tellingPod(pods.slice(0, 1)), undefined);
  });

  it("is asked of the newest of several that crash", () => {
    assert.equal(tellingPod([pod("old", [crashing], "False", 9_000), pod("new", [crashing])])?.metadata?.name, "new");
  });

  it("is told by conditions, containers and events, each in one line", () => {
    assert.deepEqual(reasons(pod("api-1", [crashing]), [warning("Readiness probe failed: 503", 1, 12)]), [
      "Ready is False: ContainersNotReady: unready: [api]",
      "container api waits: CrashLoopBackOff",
      "container api ended with exit code 1: Error",
      "Unhealthy: Readiness probe failed: 503 (12 times)",
    ]);
  });

  it("is told by the latest five warnings, each once", () => {
    const events = [1, 2, 3, 4, 5, 6].map((minute) => warning(`warning ${minute}`, minute));
    assert.deepEqual(
      eventTexts([...events, warning("warning 2", 9), { ...warning("pulled", 10), type: "Normal" }]),
      ["warning 3", "warning 4", "warning 5", "warning 6", "warning 2 (2 times)"].map((text) => `Unhealthy: ${text}`),
    );
  });

  it("is told by the log of the run that ended, or of the container that runs and is not ready", () => {
    assert.deepEqual(logSource(pod("p", [crashing])), { container: "api", previous: true });
    assert.deepEqual(logSource(pod("p", [container({ state: ended(137) })])), { container: "api", previous: false });
    assert.deepEqual(logSource(pod("p", [container({ state: { running: {} } })])), {
      container: "api",
      previous: false,
    });
    assert.equal(logSource(pod("p", [container({ state: { waiting: { reason: "ImagePullBackOff" } } })])), undefined);
  });
});
