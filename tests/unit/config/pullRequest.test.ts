import * as assert from "node:assert/strict";
import { serviceNames } from "../../../catalog/services";
import { stackFile } from "../../../cli/lib/project";
import { readStack } from "../../../cli/lib/stackFile";
import {
  lifetimeMs,
  loadBalancerPlace,
  outputParameters,
  type Parameters,
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
  loadBalancer: "hub-datasets-server-pr-b",
  firstOrder: "-994",
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

  it("are read back from the outputs of a stack, which may be those of another version of the program", () => {
    assert.deepEqual(outputParameters(parameters), parameters);
    const { expires: _, firstOrder: __, ...rest } = parameters;
    assert.deepEqual(outputParameters({ ...rest, expires: 7, firstOrder: "5000", more: {} }), rest);
    for (const none of [undefined, null, "pr-7"]) assert.deepEqual(outputParameters(none), {});
  });

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

describe("the load balancer of an environment", () => {
  const endpointOf = (told: Parameters) => {
    const file = stackFile("ephemeral");
    const { config } = readStack("pr-7", file, parameterVariables(told));
    const { loadBalancer, firstOrder } = config.datasetsServer.endpoints.public;
    return { name: loadBalancer.name, group: loadBalancer.group, firstOrder, recorded: config.pullRequest };
  };
  const b = "hub-datasets-server-pr-b";
  const place = { loadBalancer: "hub-datasets-server-pr-a", firstOrder: "-400" };

  it("is the one that its run is told, with its orders", () => {
    const { name, group, firstOrder } = endpointOf(place);
    assert.deepEqual(
      { name, group, firstOrder },
      { name: place.loadBalancer, group: place.loadBalancer, firstOrder: -400 },
    );
  });

  it("is without that the one where its number puts it, and is recorded", () => {
    // The fourth that b has, of pr-1, pr-3, pr-5 and pr-7.
    const firstOrder = -1000 + 3 * serviceNames.length;
    assert.deepEqual(endpointOf({}), {
      name: b,
      group: b,
      firstOrder,
      recorded: { loadBalancer: b, firstOrder: String(firstOrder) },
    });
  });

  it("stays in the list for as long as the environment lives", () => {
    assert.throws(() => endpointOf({ ...place, loadBalancer: "hub-gone" }), {
      message: /pullRequest\.loadBalancers: lacks hub-gone, where pr-7 is as long as it lives; .*ds pr down 7/,
    });
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
