import * as assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { type KubernetesObject, plainObjects } from "../../../cli/objects";
import { projectFolder } from "../../../cli/project";
import { commands } from "../../../cluster/outputs";
import type { Config } from "../../../config/build";
import type { StackFacts } from "../../../policy/inventory";
import { checkObjects, violationText } from "../../../policy/rules";
import { fixtureConfig, stackConfig } from "../../support/stackConfig";
import { renderedStack } from "../policy/stacks";

const helmSelector = [
  "app.kubernetes.io/component",
  "app.kubernetes.io/instance",
  "app.kubernetes.io/managed-by",
  "app.kubernetes.io/name",
  "helm.sh/chart",
] as const;

/** The names of the chart's objects by kind. */
function chartNames(): Map<string, string[]> {
  const file = path.join(projectFolder, "tests/fixtures/chart-prod.json");
  return namesByKind(JSON.parse(readFileSync(file, "utf8")));
}

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
  let facts: StackFacts;

  before(async () => {
    const rendered = await renderedStack("prod");
    facts = { ...rendered.facts, selectorLabels: helmSelector };
    const config = { ...fixtureConfig("prod"), "datasets-server:helm": JSON.stringify({ release: "prod" }) };
    stack = await stackConfig("prod", { config });
    objects = plainObjects(stack.datasetsServer);
  });

  it("names every object that the chart has, but for its secrets' and its migration's, as the chart does", () => {
    const ours = namesByKind(objects);
    const chart = chartNames();
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
    assert.deepEqual(checkObjects(objects, facts).map(violationText), []);
  });

  it("prints commands that find its pods", () => {
    const { pods, describe: describeDeployment } = commands(stack.cluster, stack.datasetsServer.scope, "api");
    assert.match(pods, / -l app\.kubernetes\.io\/component=prod-datasets-server-api /);
    assert.match(describeDeployment, / deploy\/prod-datasets-server-api /);
  });
});
