import * as assert from "node:assert/strict";
import { takeInventory } from "../../../policy/inventory";
import { isTolerated, parseRemarks, type Remark, remarkText, tolerations } from "../../../policy/kubeScore";
import { type Change, mutate } from "./mutation";
import { renderedStack, type Stack } from "./stacks";

type Check = keyof typeof tolerations;

/** A remark about one object of prod or ephemeral, named as in "Deployment api". */
function about(check: string, object: string, { place = "", stack = "prod", level = levelOf(check) } = {}): Remark {
  const says = "what kube-score says";
  return { level, check, object: object.replace(" ", ` datasets-server-${stack}-`), place, says };
}

function levelOf(check: string): Remark["level"] {
  return check.startsWith("deployment-") || check.startsWith("horizontal") ? "WARNING" : "CRITICAL";
}

/** Whether a remark may stay, after some changes of a stack's objects. */
async function mayStay(remark: Remark, changes: readonly Change[] = [], stack: Stack = "prod"): Promise<boolean> {
  const { objects, facts } = await renderedStack(stack);
  return isTolerated(remark, takeInventory(mutate(objects, `datasets-server-${stack}`, changes), facts));
}

describe("what kube-score says", () => {
  const comments = [
    { path: "api", summary: "The container is running with a low user ID", description: "" },
    { path: "api", summary: "The container running with a low group ID", description: "" },
  ];
  const scored = (grade: number, more = {}) =>
    JSON.stringify([
      {
        type_meta: { kind: "Deployment" },
        object_meta: { name: "x-api" },
        checks: [{ check: { id: "user-id", name: "User ID" }, grade, skipped: false, comments, ...more }],
      },
    ]);

  it("is one remark a line of its own output, with object, place and check", () => {
    assert.deepEqual(parseRemarks(scored(1)).map(remarkText), [
      "CRITICAL Deployment x-api: api: The container is running with a low user ID [user-id]",
      "CRITICAL Deployment x-api: api: The container running with a low group ID [user-id]",
    ]);
  });

  it("is a remark too where it adds no word", () => {
    assert.deepEqual(parseRemarks(scored(5, { comments: null })).map(remarkText), [
      "WARNING Deployment x-api: User ID [user-id]",
    ]);
  });

  it("is nothing where a check was passed, nearly passed or skipped", () => {
    assert.deepEqual([scored(10), scored(7), scored(1, { skipped: true })].flatMap(parseRemarks), []);
  });

  it("is an error where it is none of kube-score's output", () => {
    assert.throws(() => parseRemarks('[{"kind": "Pod"}]'), /type_meta/);
  });
});

describe("a critical remark of kube-score", () => {
  it("may stay in three kinds, and in no other", () => {
    const kinds = Object.entries(tolerations).filter(([, { level }]) => level === "CRITICAL");
    assert.deepEqual(
      kinds.map(([check]) => check),
      ["container-image-pull-policy", "container-security-context-user-group-id", "ingress-targets-service"],
    );
  });

  for (const check of ["pod-networkpolicy", "pod-probes-identical", "container-resources", "toString"]) {
    it(`is a fault when it is about ${check}`, async () => {
      assert.equal(await mayStay(about(check, "Deployment api")), false);
    });
  }

  it("is a fault in the name of a check that only warns", async () => {
    const check = "deployment-has-host-podantiaffinity";
    assert.equal(await mayStay(about(check, "Deployment api")), true);
    assert.equal(await mayStay(about(check, "Deployment api", { level: "CRITICAL" })), false);
  });

  it("is a fault about an object that the stack does not have", async () => {
    assert.equal(await mayStay(about("container-image-pull-policy", "Deployment nobody")), false);
  });
});

describe("a remark of kube-score that may stay", () => {
  it("says why in one sentence", () => {
    for (const { why } of Object.values(tolerations)) assert.match(why, /^[A-Z][^.]+\.$/);
  });

  const pod = ["spec", "template", "spec"];
  const change = (object: string, at: readonly (string | number)[], to?: unknown): Change => ({ object, at, to });
  const about1000 = about("container-security-context-user-group-id", "Deployment api");
  const aboutAction = about("ingress-targets-service", "Ingress admin", { place: "/admin/metrics" });
  const action = ["metadata", "annotations", "alb.ingress.kubernetes.io/actions.metrics-unauthorized"];
  const service = ["spec", "rules", 0, "http", "paths", 0, "backend", "service"];
  const falsified: ReadonlyArray<readonly [title: string, remark: Remark, change: Change]> = [
    [
      "a tag that moves",
      about("container-image-pull-policy", "Deployment api"),
      change("Deployment api", [...pod, "containers", 0, "image"], "registry/api:latest"),
    ],
    ["another user", about1000, change("Deployment api", [...pod, "securityContext", "runAsUser"], 999)],
    ["no group", about1000, change("Deployment api", [...pod, "securityContext", "runAsGroup"])],
    [
      "a container with a user of its own",
      about1000,
      change("Deployment api", [...pod, "containers", 0, "securityContext", "runAsUser"], 1),
    ],
    ["an action that nobody declares", aboutAction, change("Ingress admin", action)],
    [
      "a Service that is not there",
      aboutAction,
      change("Ingress admin", service, { name: "x", port: { name: "http" } }),
    ],
    [
      "pods that are not spread",
      about("deployment-has-host-podantiaffinity", "Deployment api"),
      change("Deployment api", [...pod, "topologySpreadConstraints"]),
    ],
  ];
  for (const [title, remark, changed] of falsified) {
    it(`is a fault with ${title}`, async () => {
      assert.equal(await mayStay(remark), true);
      assert.equal(await mayStay(remark, [changed]), false);
    });
  }

  const ofStaging: ReadonlyArray<readonly [Check, string]> = [
    ["deployment-replicas", "Deployment api"],
    ["horizontalpodautoscaler-replicas", "HorizontalPodAutoscaler worker-light"],
  ];
  for (const [check, object] of ofStaging) {
    it(`is a fault of production where it is about ${check}`, async () => {
      assert.equal(await mayStay(about(check, object, { stack: "ephemeral" }), [], "ephemeral"), true);
      assert.equal(await mayStay(about(check, object)), false);
    });
  }
});
