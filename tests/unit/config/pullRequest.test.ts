import * as assert from "node:assert/strict";
import { serviceNames } from "../../../catalog/services";
import {
  lifetimeMs,
  loadBalancerPlace,
  parameterIssues,
  parameterRecords,
  parameterVariables,
  readParameters,
  recordedParameters,
} from "../../../config/pullRequest";
import { fixtureConfig, stackConfig } from "../../support/stackConfig";

const parameters = {
  imageTag: "sha-abc1234",
  title: 'It\'s "new"',
  author: "dependabot[bot]",
  headSha: "0123abc",
  expires: "2026-05-01T12:00:00.000Z",
};

describe("the parameters of an environment", () => {
  it("reach the program as they were given, and nothing of an earlier run's does", () => {
    const earlier = parameterVariables(parameters);
    assert.deepEqual(readParameters(earlier), parameters);
    const later = { ...earlier, ...parameterVariables({ imageTag: "sha-def5678" }) };
    assert.deepEqual(readParameters(later), { imageTag: "sha-def5678" });
  });

  it("are recorded and read back", () =>
    assert.deepEqual(recordedParameters(parameterRecords(parameters)), parameters));

  it("are left out where somebody recorded nonsense", () => {
    assert.deepEqual(recordedParameters({ expires: "soon", author: "ada" }), { author: "ada" });
  });

  it("are refused by the name of their variable", () => {
    const [issue, ...others] = parameterIssues({ ...parameters, expires: "soon" });
    assert.deepEqual(others, []);
    assert.equal(issue?.key, "DATASETS_SERVER_PR_EXPIRES");
    assert.match(issue?.message ?? "", /^got "soon"; expected a time in UTC/);
  });
});

describe("the place of an environment", () => {
  const loadBalancers = ["a", "b"];
  const numbers = Array.from({ length: 400 }, (_, index) => index + 1);

  it("follows from its number, and spreads neighbours", () => {
    assert.deepEqual(
      [1, 2, 3, 1].map((number) => loadBalancerPlace(number, loadBalancers).loadBalancer),
      ["b", "a", "b", "b"],
    );
  });

  it("has orders of its own on its load balancer, within what an Ingress may have", () => {
    const orders = numbers.flatMap((number) => {
      const { loadBalancer, firstOrder } = loadBalancerPlace(number, loadBalancers);
      return serviceNames.map((_, service) => ({ loadBalancer, order: firstOrder + service }));
    });
    assert.ok(orders.every(({ order }) => order >= -1000 && order <= 1000));
    assert.equal(new Set(orders.map((order) => JSON.stringify(order))).size, orders.length);
  });
});

describe("a lifetime", () => {
  it("is of hours or days", () => {
    assert.equal(lifetimeMs("12h"), 12 * 3_600_000);
    assert.equal(lifetimeMs("7d"), 7 * 24 * 3_600_000);
  });
});

describe("an environment whose stack file's other stack is on standby", () => {
  it("migrates its own database all the same", async () => {
    const config = { ...fixtureConfig("ephemeral"), "datasets-server:standby": "true" };
    assert.ok((await stackConfig("pr-7", { config })).datasetsServer.migration);
  });
});
