import * as assert from "node:assert/strict";
import type { KubernetesObject, V1ObjectMeta } from "@kubernetes/client-node";
import { helmLabels } from "../../../catalog/names";
import type { LiveObjects } from "../../../cluster/liveObjects";
import { asItIs, findAdoption, isOfRelease, withoutOthers } from "../../../safety/adoption";

const scope = {
  stack: "prod",
  release: "prod-datasets-server",
  namespace: "datasets-server",
  helmRelease: "prod",
} as const;
const release = { name: "prod", namespace: "datasets-server" };
const stackLabel = "datasets-server.huggingface.co/stack";

/** An object as a client reads it: with a date and fields that are not there. */
function live(kind: string, name: string, rest: object, metadata: V1ObjectMeta = {}): KubernetesObject {
  const common = { name, creationTimestamp: new Date(0), labels: helmLabels("prod"), deletionTimestamp: undefined };
  return { apiVersion: "v1", kind, metadata: { ...common, ...metadata }, ...rest };
}

function inputs(kind: string, spec: Record<string, unknown>, annotations: Record<string, string> = {}) {
  return { apiVersion: "v1", kind, metadata: { name: "api", labels: { [stackLabel]: "prod" }, annotations }, spec };
}

describe("an object of a Helm release", () => {
  const annotations = { "meta.helm.sh/release-name": "prod", "meta.helm.sh/release-namespace": "datasets-server" };
  const labels = helmLabels("prod");

  it("is known by the chart's labels and Helm's annotations", () => {
    assert.ok(isOfRelease({ labels, annotations }, release));
  });

  it("is known by the chart's labels alone where Argo CD applied it", () => {
    assert.ok(isOfRelease({ labels }, release));
  });

  for (const [whose, metadata] of Object.entries<V1ObjectMeta | undefined>({
    "of no one": undefined,
    "one without labels": { annotations },
    "another chart's": { labels: { ...labels, "helm.sh/chart": "mongodb" }, annotations },
    "another release's": { labels: helmLabels("staging") },
    "another release's, by its annotation": {
      labels,
      annotations: { ...annotations, "meta.helm.sh/release-name": "p" },
    },
    "another namespace's": { labels, annotations: { ...annotations, "meta.helm.sh/release-namespace": "hub" } },
  })) {
    it(`is not ${whose}`, () => assert.ok(!isOfRelease(metadata, release)));
  }
});

describe("an adopted object", () => {
  it("is registered as it is now, but for our labels", () => {
    const found = live("Deployment", "api", {
      spec: { replicas: 3, template: { spec: { containers: [{ name: "chart" }] } } },
      status: { readyReplicas: 3 },
    });
    const { metadata, ...rest } = asItIs(inputs("Deployment", { replicas: 20, template: "ours" }), found);
    assert.deepEqual(rest, {
      apiVersion: "v1",
      kind: "Deployment",
      spec: { replicas: 3, template: { spec: { containers: [{ name: "chart" }] } } },
    });
    assert.deepEqual(metadata.labels, { ...helmLabels("prod"), [stackLabel]: "prod" });
  });

  it("leaves an autoscaler the number of its pods", () => {
    const { spec } = asItIs(
      inputs("Deployment", { replicas: 2 }, { "datasets-server.huggingface.co/scaled-by": "HorizontalPodAutoscaler" }),
      live("Deployment", "api", { spec: { replicas: 40, paused: false } }),
    );
    assert.deepEqual(spec, { paused: false });
  });

  it("leaves the API server a Service's address, which a later update could only remove with the Service", () => {
    const addresses = {
      clusterIP: "10.0.0.1",
      clusterIPs: ["10.0.0.1"],
      ipFamilies: ["IPv4"],
      ipFamilyPolicy: "SingleStack",
    };
    const found = live("Service", "api", { spec: { ...addresses, type: "NodePort" } });
    assert.deepEqual(asItIs(inputs("Service", { type: "ClusterIP" }), found).spec, { type: "NodePort" });
  });

  it("keeps its annotations, of ours those for Pulumi but the one that takes fields from others, and none that a controller keeps", () => {
    const annotations = {
      "alb.ingress.kubernetes.io/target-type": "instance",
      "deployment.kubernetes.io/revision": "7",
      "kubectl.kubernetes.io/last-applied-configuration": "{}",
    };
    const ours = {
      "alb.ingress.kubernetes.io/target-type": "ip",
      "pulumi.com/patchForce": "true",
      "pulumi.com/waitFor": "jsonpath={.status}",
    };
    const found = live("Ingress", "api", { spec: {} }, { annotations });
    assert.deepEqual(asItIs(inputs("Ingress", {}, ours), found).metadata.annotations, {
      "alb.ingress.kubernetes.io/target-type": "instance",
      "pulumi.com/waitFor": "jsonpath={.status}",
    });
  });

  it("has no owner of fields afterwards but Pulumi and who reports its status", () => {
    const owners = [
      { manager: "helm", operation: "Apply" },
      { manager: "pulumi-kubernetes-datasets-server", operation: "Apply" },
      { manager: "argocd-controller", operation: "Update" },
      { manager: "kube-controller-manager", operation: "Update", subresource: "status" },
    ];
    assert.deepEqual(withoutOthers(owners), [owners[1], owners[3]]);
  });
});

describe("a stack that keeps the names of a Helm release", () => {
  const chart = [live("Service", "prod-datasets-server-api", {}), live("Service", "prod-datasets-server-rows", {})];
  const taken = chart.map((object) => ({
    ...object,
    metadata: { ...object.metadata, labels: { ...object.metadata?.labels, [stackLabel]: "prod" } },
  }));
  const cluster = (services: readonly KubernetesObject[]): LiveObjects => ({
    find: () => assert.fail("nothing is looked up one by one"),
    peek: () => assert.fail("nothing is looked up one by one"),
    remove: () => assert.fail("nothing is deleted"),
    list: ({ kind }) => Promise.resolve(kind === "Service" ? [...services] : []),
    look: () => assert.fail("a release whose names the stack keeps must be found"),
    patchMetadata: () => assert.fail("nothing is changed before it is registered"),
  });

  it("is an error while the release's objects are not its own, with all that is wrong before anything changes", async () => {
    await assert.rejects(findAdoption(cluster(chart), scope, false), {
      message:
        "Service prod-datasets-server-api and 1 more of Helm release prod in namespace datasets-server are not stack " +
        "prod's; no changes were made",
      next: "docs/cutover.md says how to adopt them, or to remove what is left of the release",
    });
  });

  it("adopts nothing when they are its own, or when there are none", async () => {
    assert.equal(await findAdoption(cluster(taken), scope, false), undefined);
    assert.equal(await findAdoption(cluster([]), scope, false), undefined);
  });

  it("is an error when it may adopt and there is nothing", async () => {
    await assert.rejects(
      findAdoption(cluster([]), scope, true),
      /has no object of Helm release prod, so there is nothing/,
    );
  });

  it("asks nothing of a cluster where it keeps no such names", async () => {
    const { helmRelease: _release, ...own } = scope;
    assert.equal(await findAdoption(cluster(chart), own, false), undefined);
  });
});
