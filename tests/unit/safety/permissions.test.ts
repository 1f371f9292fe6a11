import * as assert from "node:assert/strict";
import { allObjects, buildObjects } from "../../../components/buildObjects";
import { neededRights, type Right, rightsFor } from "../../../safety/permissions";
import { type StackRun, stackRun } from "../../support/stackRuns";

const namespace = "datasets-server";

/** As in `create apps/deployments in datasets-server`. */
function say({ group, resource, verb, namespace }: Right): string {
  return `${verb} ${group ? `${group}/` : ""}${resource}${namespace ? ` in ${namespace}` : ""}`;
}

for (const stack of ["prod", "ephemeral", "local", "pr-7"]) {
  describe(`the rights that stack ${stack} needs`, () => {
    let run: StackRun;
    let rights: readonly Right[];

    before(async () => {
      run = await stackRun(stack);
      const { datasetsServer } = run.config;
      rights = neededRights(allObjects(buildObjects(datasetsServer)), datasetsServer.scope.namespace);
    });

    it("are in its own namespace, but for what is in none", () => {
      const { scope } = run.config.datasetsServer;
      const elsewhere = rights.filter((right) => right.namespace !== scope.namespace);
      const makesNamespace = run.objects.some(({ kind }) => kind === "Namespace");
      const makesClaim = run.objects.some(({ kind }) => kind === "PersistentVolumeClaim");
      assert.deepEqual(
        new Set(elsewhere.map(({ resource }) => resource)),
        new Set([...(makesNamespace ? ["namespaces"] : []), ...(makesClaim ? ["storageclasses"] : [])]),
      );
      assert.ok(elsewhere.every((right) => right.namespace === undefined));
    });

    it("are named once each", () => {
      assert.equal(new Set(rights.map(say)).size, rights.length);
    });
  });
}

describe("the rights to objects of one kind", () => {
  it("are to make, change, find and delete them, and to see the events that tell why one is not ready", () => {
    assert.deepEqual(rightsFor(["ConfigMap"], namespace).map(say).sort(), [
      "create configmaps in datasets-server",
      "delete configmaps in datasets-server",
      "get configmaps in datasets-server",
      "list configmaps in datasets-server",
      "list events in datasets-server",
      "patch configmaps in datasets-server",
      "watch configmaps in datasets-server",
      "watch events in datasets-server",
    ]);
  });

  it("include those to look at the pods and all else that tells whether a Deployment is ready", () => {
    const looks = rightsFor(["Deployment"], namespace).filter(({ resource }) => resource !== "deployments");
    assert.deepEqual(looks.map(say).sort(), [
      "list apps/replicasets in datasets-server",
      "list events in datasets-server",
      "list persistentvolumeclaims in datasets-server",
      "list pods in datasets-server",
      "watch apps/replicasets in datasets-server",
      "watch events in datasets-server",
      "watch persistentvolumeclaims in datasets-server",
      "watch pods in datasets-server",
    ]);
  });

  it("include the class of a claim, which is in no namespace", () => {
    const rights = rightsFor(["PersistentVolumeClaim"], namespace).map(say);
    assert.ok(rights.includes("get storage.k8s.io/storageclasses"), rights.join(", "));
  });
});
