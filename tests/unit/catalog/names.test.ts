import * as assert from "node:assert/strict";
import { labels, metadata, objectName, type Scope, selectorLabels } from "../../../catalog/names";
import { settingsName } from "../../../components/foundation/settings";

const scope: Scope = { stack: "prod", release: "datasets-server-prod", namespace: "datasets-server" };

describe("names and labels", () => {
  it("prefix a component with the release, as the seed's label app does", () => {
    assert.equal(objectName(scope, "api"), "datasets-server-prod-api");
    assert.equal(labels(scope, "api").app, "datasets-server-prod-api");
  });

  it("keep everything that may change out of selectors", () => {
    assert.deepEqual(Object.keys(selectorLabels(scope, "api")), ["app", "app.kubernetes.io/instance"]);
  });

  it("mark an object as its stack's, and have every run write it under one name, which a killed one shares, and take its fields back", () => {
    assert.deepEqual(metadata(scope, "api"), {
      name: "datasets-server-prod-api",
      namespace: "datasets-server",
      labels: { ...labels(scope, "api"), "datasets-server.huggingface.co/stack": "prod" },
      annotations: {
        "pulumi.com/patchFieldManager": "pulumi-kubernetes-datasets-server",
        "pulumi.com/patchForce": "true",
      },
    });
  });
});

describe("the name of a settings ConfigMap", () => {
  const name = (variables: Record<string, string>) => settingsName({ scope, component: "settings-log", variables });

  it("changes with a value and with a variable's name", () => {
    const names = [name({ A: "1" }), name({ A: "2" }), name({ B: "1" }), name({ A: "1", B: "1" })];
    assert.equal(new Set(names).size, 4);
  });

  it("does not change with the order of the variables", () => {
    assert.equal(name({ A: "1", B: "2" }), name({ B: "2", A: "1" }));
  });

  it("starts with the release and the group", () => {
    assert.match(name({ A: "1" }), /^datasets-server-prod-settings-log-[0-9a-f]{10}$/);
  });
});
