import assert from "node:assert/strict";
import { stackObjects } from "../../../../cli/lib/objects";
import { expectedAnswers } from "../../../../cli/smoke/answers";
import { readIngresses } from "../../../../policy/loadBalancer";

describe("what the public address of prod has to answer", () => {
  it("is each service by itself, and the load balancer in place of what is not for the public", () => {
    const answers = expectedAnswers(readIngresses(stackObjects("prod")), "datasets-server.huggingface.co");
    assert.deepEqual(Object.fromEntries(answers.map(({ path, status }) => [path, status])), {
      "/admin/metrics": 401,
      "/admin/healthcheck": 200,
      "/metrics": 401,
      "/openapi.json": 302,
      "/healthcheck": 200,
      "/rows": undefined,
      "/search": undefined,
      "/filter": undefined,
      "/webhook": undefined,
    });
  });

  it("is nothing for a host that it does not have", () => {
    assert.deepEqual(expectedAnswers(readIngresses(stackObjects("prod")), "example.com"), []);
  });
});
