import * as assert from "node:assert/strict";
import { resourceObjects, toldFacts } from "../../../policy/packObjects";

const metadata = { name: "token", namespace: "web", labels: {} };

function resource(kind: string, props: object) {
  const urn = `urn:pulumi:dev::web::kubernetes:core/v1:${kind}::token`;
  return { type: `kubernetes:core/v1:${kind}`, urn, props: { apiVersion: "v1", kind, metadata, ...props } };
}

describe("what the policy pack makes of resources", () => {
  it("keeps of a Secret its keys, and which of them are blank", () => {
    const { objects } = resourceObjects([resource("Secret", { data: { A: "aHVudGVyMg==" }, stringData: { B: " " } })]);
    assert.deepEqual(objects, [
      { apiVersion: "v1", kind: "Secret", metadata, data: { A: "[hidden]" }, stringData: { B: "" } },
    ]);
  });

  it("knows nothing of a Secret that a state holds encrypted but that it is there", () => {
    const { objects, facts } = resourceObjects([resource("Secret", { data: "[secret]" })]);
    assert.deepEqual(objects, [{ kind: "Secret", metadata: { ...metadata, annotations: {} } }]);
    assert.deepEqual(facts.hiddenSecrets, ["token"]);
  });

  it("puts a marker where a value is not known yet, and leaves out what is null", () => {
    const data = {
      get A(): string {
        throw new Error("unknown");
      },
      B: null,
    };
    const { objects } = resourceObjects([resource("ConfigMap", { data })]);
    assert.deepEqual(objects, [{ apiVersion: "v1", kind: "ConfigMap", metadata, data: { A: "[hidden]" } }]);
  });

  it("takes the namespace and the stack from most objects, and the stack from a URN where none says it", () => {
    const labels = { "datasets-server.huggingface.co/stack": "prod" };
    const { facts } = resourceObjects([resource("ConfigMap", { metadata: { ...metadata, labels } })]);
    assert.deepEqual([facts.namespace, facts.stack], ["web", "prod"]);
    assert.equal(resourceObjects([resource("ConfigMap", {})]).facts.stack, "dev");
  });

  it("says which resource an object is, and leaves out those that are none", () => {
    const { urns } = resourceObjects([
      resource("ConfigMap", {}),
      { type: "pulumi:pulumi:Stack", urn: "urn:pulumi:dev::web::pulumi:pulumi:Stack::web-dev", props: {} },
    ]);
    assert.deepEqual([...urns.keys()], ["ConfigMap token"]);
  });

  it("is told facts by the configuration of a rule", () => {
    assert.deepEqual(toldFacts({ namespace: "web", enforcementLevel: "advisory" }), { namespace: "web" });
  });
});
