import * as assert from "node:assert/strict";
import { type KubernetesObject, plainObjects } from "../../../cli/lib/objects";
import { stackOutputs } from "../../../cluster/outputs";
import { allObjects, buildObjects } from "../../../components/buildObjects";
import type { Config } from "../../../config/build";
import { reviewObjects, violationText } from "../../../policy/rules";
import { factsOf } from "../../../safety/rules";
import { chartObjects } from "../../support/e2e/chart";
import { fixtureConfig, stackConfig } from "../../support/stackConfig";

function namesByKind(objects: readonly Pick<KubernetesObject, "kind" | "metadata">[]): Map<string, string[]> {
  const names = new Map<string, string[]>();
  for (const { kind, metadata } of objects) {
    names.set(kind, [...(names.get(kind) ?? []), metadata.name].sort());
  }
  return names;
}

describe("a stack that keeps the names of a Helm release", () => {
  let objects: readonly KubernetesObject[];
  let stack: Config;

  before(async () => {
    stack = await stackConfig("prod", {
      config: { ...fixtureConfig("prod"), "datasets-server:helm": JSON.stringify({ release: "prod" }) },
    });
    objects = plainObjects(stack.datasetsServer);
  });

  it("names every object that the chart has, but for its secrets' and its migration's, as the chart does", () => {
    const ours = namesByKind(objects);
    const chart = namesByKind(chartObjects());
    const missing = [...chart].flatMap(([kind, names]) =>
      names.filter((name) => !ours.get(kind)?.includes(name)).map((name) => `${kind} ${name}`),
    );
    assert.deepEqual(missing, [
      "InfisicalSecret prod-datasets-server-infisical-secret",
      "Job prod-datasets-server-job-mongodb-migration",
    ]);
  });

  it("selects pods by exactly the chart's five labels", () => {
    const deployments = objects.filter(({ kind }) => kind === "Deployment");
    assert.equal(deployments.length, 9);
    for (const { metadata, spec } of deployments) {
      const { selector, template } = Object(spec);
      assert.deepEqual(selector.matchLabels, {
        "app.kubernetes.io/component": metadata.name,
        "app.kubernetes.io/instance": "prod",
        "app.kubernetes.io/managed-by": "Helm",
        "app.kubernetes.io/name": "prod-datasets-server",
        "helm.sh/chart": "datasets-server",
      });
      assert.deepEqual({ ...template.metadata.labels, ...selector.matchLabels }, template.metadata.labels);
    }
  });

  it("keeps to every rule", () => {
    assert.deepEqual(reviewObjects(objects, factsOf(stack.datasetsServer)).violations.map(violationText), []);
  });

  it("prints commands that find its pods", () => {
    const server = { url: "", images: {} };
    const built = allObjects(buildObjects(stack.datasetsServer));
    const { commands } = stackOutputs(stack.cluster, stack.datasetsServer.scope, server, built);
    const api = "prod-datasets-server-api";
    assert.match(commands.logs[api] ?? "", / -l app\.kubernetes\.io\/component=prod-datasets-server-api /);
    assert.match(commands.describe[api] ?? "", / deploy\/prod-datasets-server-api /);
  });
});
