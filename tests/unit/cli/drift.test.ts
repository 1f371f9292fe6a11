import assert from "node:assert/strict";
import { driftMarkdown } from "../../../cli/drift";
import { parseExport } from "../../../cli/drift/cluster";
import { fieldPaths, foreignFields, type ManagedFields } from "../../../cli/drift/managers";
import { parseRefresh } from "../../../cli/drift/refreshed";

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
  const urn = "urn:pulumi:prod::datasets-server::datasets-server:DatasetsServer$kubernetes:apps/v1:Deployment::api";
  const stepOf = (op: string, detailedDiff: object | null) =>
    JSON.stringify({ steps: [{ op, urn, detailedDiff, oldState: { id: "datasets-server/api" } }] });
  const object = "Deployment datasets-server/api";

  it("is drift where a field differs or an object is gone, without values", () => {
    assert.deepEqual(parseRefresh(stepOf("update", { "spec.replicas": { kind: "update" } })), [
      { object, field: "spec.replicas", what: "differs from what was deployed" },
    ]);
    assert.deepEqual(parseRefresh(stepOf("delete", null)), [{ object, field: "", what: "is gone" }]);
  });

  it("is the whole list where many of its items differ, as when one was put in front", () => {
    const env = "spec.template.spec.containers[0].env";
    const paths = [`${env}[0].name`, `${env}[0].value`, `${env}[1].name`, "spec.template.spec.containers[0].image"];
    const detailedDiff = Object.fromEntries(paths.map((path) => [path, { kind: "update" }]));
    assert.deepEqual(
      parseRefresh(stepOf("update", detailedDiff)).map(({ field }) => field),
      [env, "spec.template.spec.containers[0].image"],
    );
  });

  it("is none where all is as it was", () => {
    assert.deepEqual(parseRefresh(stepOf("refresh", null)), []);
  });
});

describe("the state of a stack", () => {
  it("says which cluster to ask and for which objects", () => {
    const resources = [
      { type: "pulumi:providers:kubernetes", custom: true, inputs: { kubeconfig: "/k", context: "c", namespace: "n" } },
      { type: "datasets-server:DatasetsServer" },
      { type: "kubernetes:core/v1:Service", custom: true, id: "n/api", inputs: { apiVersion: "v1", kind: "Service" } },
      { type: "kubernetes:core/v1:Namespace", custom: true, id: "n", inputs: { apiVersion: "v1", kind: "Namespace" } },
    ];
    assert.deepEqual(parseExport(JSON.stringify({ deployment: { resources } })), {
      cluster: { kubeconfig: "/k", context: "c" },
      objects: [
        { apiVersion: "v1", kind: "Service", metadata: { name: "api", namespace: "n" } },
        { apiVersion: "v1", kind: "Namespace", metadata: { name: "n" } },
      ],
    });
  });

  it("says nothing before the first update", () => {
    assert.deepEqual(parseExport('{"deployment":{}}'), { objects: [] });
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
