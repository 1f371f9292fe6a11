import * as assert from "node:assert/strict";
import { takenFields } from "../../../safety/fieldOwnership";

const wanted = {
  metadata: { annotations: { "a.example/b": "ours" } },
  spec: {
    replicas: 3,
    template: { spec: { containers: [{ name: "api", image: "ours", env: [{ name: "LOG", value: "INFO" }] }] } },
  },
};

/** An object on the cluster, some of whose fields a manager has set. */
function live(manager: string, fields: object, changes: { replicas?: number; image?: string; log?: string } = {}) {
  const { replicas = 3, image = "ours", log = "INFO" } = changes;
  const container = {
    name: "api",
    image,
    env: [
      { name: "EXTRA", value: "1" },
      { name: "LOG", value: log },
    ],
  };
  return {
    metadata: {
      annotations: { "a.example/b": "theirs" },
      managedFields: [{ manager, operation: "Update", fieldsV1: fields }],
    },
    spec: { replicas, template: { spec: { containers: [container] } } },
  };
}

const inContainer = (fields: object) => ({
  "f:spec": { "f:template": { "f:spec": { "f:containers": { 'k:{"name":"api"}': fields } } } },
});

describe("a field that the program sets", () => {
  it("is taken where another manager has set another value: whose, what it is, and what it becomes", () => {
    assert.deepEqual(takenFields(wanted, live("kubectl", { "f:spec": { "f:replicas": {} } }, { replicas: 5 })), [
      { manager: "kubectl", field: "spec.replicas", live: 5, ours: 3 },
    ]);
  });

  it("is told by its path, items of lists by their keys", () => {
    const fields = inContainer({ "f:image": {}, "f:env": { 'k:{"name":"LOG"}': { "f:value": {} } } });
    const taken = takenFields(wanted, live("kubectl-edit", fields, { image: "theirs", log: "DEBUG" }));
    assert.deepEqual(
      taken.map(({ field }) => field),
      ["spec.template.spec.containers[name=api].image", "spec.template.spec.containers[name=api].env[name=LOG].value"],
    );
    const annotations = { "f:metadata": { "f:annotations": { "f:a.example/b": {} } } };
    assert.equal(takenFields(wanted, live("kubectl", annotations))[0]?.field, "metadata.annotations[a.example/b]");
  });

  it("is not taken where another has set the same value", () => {
    assert.deepEqual(takenFields(wanted, live("kubectl", { "f:spec": { "f:replicas": {} } })), []);
  });

  it("is not taken where the client only has another name for it, as for from", () => {
    const peers = [{ podSelector: { matchLabels: { app: "api" } } }];
    const managedFields = [{ manager: "kubectl", fieldsV1: { "f:spec": { "f:ingress": {} } } }];
    const found = { metadata: { managedFields }, spec: { ingress: [{ _from: peers }] } };
    assert.deepEqual(takenFields({ spec: { ingress: [{ from: peers }] } }, found), []);
  });

  it("is not taken by a run of Pulumi, nor by who reports the status", () => {
    const fields = { "f:spec": { "f:replicas": {} } };
    assert.deepEqual(takenFields(wanted, live("pulumi-kubernetes-datasets-server", fields, { replicas: 5 })), []);
  });
});

describe("a field that the program does not set", () => {
  it("stays another's", () => {
    const fields = { "f:spec": { "f:paused": {} } };
    const extra = inContainer({ "f:env": { 'k:{"name":"EXTRA"}': { ".": {}, "f:name": {}, "f:value": {} } } });
    assert.deepEqual(takenFields(wanted, live("kubectl", fields)), []);
    assert.deepEqual(takenFields(wanted, live("kubectl", extra)), []);
  });
});
