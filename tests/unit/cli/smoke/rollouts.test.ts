import assert from "node:assert/strict";
import { rolloutFailure } from "../../../../cli/smoke/rollouts";

const template = (image: string) => ({ spec: { containers: [{ name: "api", image }] } });

const done = { observedGeneration: 3, replicas: 2, updatedReplicas: 2, availableReplicas: 2 };

const live = (status: object, image = "api:new") => ({
  metadata: { name: "datasets-server-prod-api", generation: 3 },
  spec: { replicas: 2, template: template(image) },
  status: { ...done, ...status },
});

describe("the smoke check of a Deployment", () => {
  const failure = (object: unknown) => rolloutFailure(template("api:new"), object);

  it("holds when every pod is available and of what was deployed", () => {
    assert.equal(failure(live({})), undefined);
  });

  it("fails while the controller has not seen the update", () => {
    assert.equal(failure(live({ observedGeneration: 2 })), "its controller has not seen the update yet");
  });

  it("fails while pods of before are left", () => {
    assert.equal(failure(live({ replicas: 3, updatedReplicas: 2 })), "2 of 2 pods are available, 1 still of before");
  });

  it("fails while pods are not available", () => {
    assert.equal(failure(live({ availableReplicas: 0 })), "0 of 2 pods are available");
  });

  it("fails for an image that somebody else has set", () => {
    assert.equal(failure(live({}, "api:evil")), "its container api is not of api:new, which was deployed");
  });
});
