import * as assert from "node:assert/strict";
import { refuseOtherCluster } from "../../../cluster/oneCluster";

describe("an update of the Kubernetes provider", () => {
  const hubProd = "arn:aws:eks:us-east-1:707930574880:cluster/hub-prod";
  const hubGreen = "arn:aws:eks:us-east-1:707930574880:cluster/hub-green";
  const update = (identifier: string, oldInputs: unknown = { clusterIdentifier: hubProd, kubeconfig: "{}" }) =>
    refuseOtherCluster("prod", oldInputs, identifier);

  it("is fine on the cluster where the objects are, whatever else of it changes", () => update(hubProd));

  it("is fine where the cluster of the last update is not known", () => update(hubGreen, {}));

  it("is refused on another cluster, with what it would have done and the way out", () => {
    assert.throws(() => update(hubGreen), {
      message:
        `the objects of stack prod are on ${hubProd}, and its configuration now means ${hubGreen}. Going on would ` +
        "create every object there and delete every object here; no changes were made\n" +
        "Next: put the cluster back, or, to move, set up a second stack beside this one: docs/move-cluster.md",
    });
  });
});
