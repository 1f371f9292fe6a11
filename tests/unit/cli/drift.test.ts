import assert from "node:assert/strict";
import { DiffKind } from "@pulumi/pulumi/automation";
import { driftMarkdown } from "../../../cli/drift";
import { deployed } from "../../../cli/drift/cluster";
import { fieldPaths, foreignFields, type ManagedFields } from "../../../cli/drift/managers";
import { type Refreshed, refreshedDrift } from "../../../cli/drift/refreshed";

const container = (env: object) => ({ "f:spec": { "f:containers": { 'k:{"name":"api"}': { "f:env": env } } } });

/** As the API server keeps it of an object that the engine applied. */
const applied: ManagedFields = {
  manager: "pulumi-kubernetes-54c52c76",
  fieldsV1: {
    "f:spec": { "f:replicas": {}, "f:template": container({ 'k:{"name":"LOG"}': { ".": {}, "f:name": {} } }) },
  },
};

describe("fields that the API server knows a writer of", () => {
  it("are told by their path, items of lists by their keys", () => {
    assert.deepEqual(fieldPaths({ "f:spec": { "f:replicas": {}, "f:strategy": { "f:type": {} } } }), [
      "spec.replicas",
      "spec.strategy.type",
    ]);
    assert.deepEqual(fieldPaths(container({ 'k:{"name":"A"}': { "f:value": {} } })), [
      "spec.containers[name=api].env[name=A].value",
    ]);
    assert.deepEqual(fieldPaths({ "f:ports": { 'k:{"port":80,"protocol":"TCP"}': { "f:name": {} } } }), [
      "ports[port=80,protocol=TCP].name",
    ]);
  });

  it("are one where a whole item was added", () => {
    assert.deepEqual(fieldPaths(container({ 'k:{"name":"A"}': { ".": {}, "f:name": {}, "f:value": {} } })), [
      "spec.containers[name=api].env[name=A]",
    ]);
  });

  it("keep the dots of labels, annotations and finalizers apart from those between fields", () => {
    assert.deepEqual(
      fieldPaths({ "f:metadata": { "f:labels": { "f:a.example/b": {} }, "f:finalizers": { 'v:"a/b"': {} } } }),
      ["metadata.labels[a.example/b]", "metadata.finalizers[a/b]"],
    );
  });
});

describe("fields that others wrote", () => {
  const foreign = (kind: string, ...others: readonly ManagedFields[]) =>
    foreignFields({ kind, managedFields: [applied, ...others] });

  it("are drift, whoever wrote them", () => {
    const added = { "f:template": container({ 'k:{"name":"EXTRA"}': { ".": {}, "f:name": {} } }) };
    assert.deepEqual(foreign("Deployment", { manager: "kubectl-set", fieldsV1: { "f:spec": added } }), [
      { manager: "kubectl-set", field: "spec.template.spec.containers[name=api].env[name=EXTRA]" },
    ]);
  });

  it("are none where the engine wrote the same", () => {
    assert.deepEqual(foreign("Deployment", { manager: "somebody", fieldsV1: { "f:spec": { "f:replicas": {} } } }), []);
  });

  it("are expected of an autoscaler, and not of somebody who scales by hand", () => {
    const scaled = { subresource: "scale", fieldsV1: { "f:spec": { "f:replicas": {} } } };
    const withoutReplicas = (by: ManagedFields) => foreignFields({ kind: "Deployment", managedFields: [by] });
    assert.deepEqual(withoutReplicas({ ...scaled, manager: "kube-controller-manager" }), []);
    assert.deepEqual(withoutReplicas({ ...scaled, manager: "kubectl" }), [
      { manager: "kubectl", field: "spec.replicas" },
    ]);
  });

  it("are expected of controllers, each where it has to", () => {
    const status = { subresource: "status", fieldsV1: { "f:status": { "f:loadBalancer": {} } } };
    const finalizer = { "f:metadata": { "f:finalizers": { ".": {}, 'v:"group.ingress.k8s.aws/a"': {} } } };
    const restart = { "f:annotations": { "f:kubectl.kubernetes.io/restartedAt": {} } };
    assert.deepEqual(foreign("Ingress", { ...status, manager: "kwok-controller" }), []);
    assert.deepEqual(foreign("Ingress", { manager: "controller", fieldsV1: finalizer }), []);
    const restarted = { "f:spec": { "f:template": { "f:metadata": restart } } };
    assert.deepEqual(foreign("Deployment", { manager: "kubectl-rollout", fieldsV1: restarted }), []);
    assert.equal(foreign("Service", { manager: "controller", fieldsV1: finalizer }).length, 1);
  });
});

describe("what a refresh says", () => {
  const outcome = (op: Refreshed["op"], ...fields: readonly string[]): Refreshed => ({
    op,
    type: "kubernetes:apps/v1:Deployment",
    old: { id: "datasets-server/api", inputs: {} },
    detailedDiff: Object.fromEntries(fields.map((field) => [field, { diffKind: DiffKind.update, inputDiff: false }])),
  });
  const object = "Deployment datasets-server/api";

  it("is drift where a field differs or an object is gone, without values", () => {
    assert.deepEqual(refreshedDrift([outcome("update", "spec.replicas")]), [
      { object, field: "spec.replicas", what: "differs from what was deployed" },
    ]);
    assert.deepEqual(refreshedDrift([outcome("delete")]), [{ object, field: "", what: "is gone" }]);
  });

  it("is the whole list where many of its items differ, as when one was put in front", () => {
    const env = "spec.template.spec.containers[0].env";
    const paths = [`${env}[0].name`, `${env}[0].value`, `${env}[1].name`, "spec.template.spec.containers[0].image"];
    assert.deepEqual(
      refreshedDrift([outcome("update", ...paths)]).map(({ field }) => field),
      [env, "spec.template.spec.containers[0].image"],
    );
  });

  it("is none where all is as it was", () => {
    assert.deepEqual(refreshedDrift([outcome("refresh"), outcome("same")]), []);
  });

  it("names the cluster to ask who wrote, and the objects", () => {
    const resource = (type: string, id: string, inputs: Record<string, string> = {}): Refreshed => ({
      op: "same",
      type,
      old: { id, inputs },
    });
    const refreshed = [
      resource("pulumi:providers:kubernetes", "uuid", { kubeconfig: "/k", context: "c", namespace: "n" }),
      resource("datasets-server:DatasetsServer", ""),
      resource("kubernetes:core/v1:Service", "n/api", { apiVersion: "v1", kind: "Service" }),
      resource("kubernetes:core/v1:Namespace", "n", { apiVersion: "v1", kind: "Namespace" }),
    ];
    assert.deepEqual(deployed(refreshed), {
      cluster: { kubeconfig: "/k", context: "c" },
      objects: [
        { apiVersion: "v1", kind: "Service", metadata: { name: "api", namespace: "n" } },
        { apiVersion: "v1", kind: "Namespace", metadata: { name: "n" } },
      ],
    });
  });

  it("names none before the first update", () => {
    assert.deepEqual(deployed([]), { objects: [] });
  });
});

describe("drift as Markdown", () => {
  it("lets no name that somebody chose end its cell or mention anybody", () => {
    const found = [{ object: "Service n/api", field: "metadata.labels[a|b]", what: "written by `@grace" }];
    assert.match(
      driftMarkdown("prod", found),
      /^\| `Service n\/api` \| `metadata\.labels\[a\\\|b\]` \| `written by '@grace` \|$/m,
    );
  });
});
