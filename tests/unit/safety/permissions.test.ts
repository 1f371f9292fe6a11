import * as assert from "node:assert/strict";
import { allObjects, buildObjects } from "../../../components/buildObjects";
import { neededPermissions, type Permission, permissionsFor } from "../../../safety/permissions";
import { type StackRun, stackRun } from "../../support/stackRuns";

const namespace = "datasets-server";

/** As in `create apps/deployments in datasets-server`. */
function say({ group, resource, verb, namespace }: Permission): string {
  return `${verb} ${group ? `${group}/` : ""}${resource}${namespace ? ` in ${namespace}` : ""}`;
}

for (const stack of ["prod", "ephemeral", "local", "pr-7"]) {
  describe(`the permissions that stack ${stack} needs`, () => {
    let run: StackRun;
    let permissions: readonly Permission[];

    before(async () => {
      run = await stackRun(stack);
      const { datasetsServer } = run.config;
      permissions = neededPermissions(allObjects(buildObjects(datasetsServer)), datasetsServer.scope.namespace);
    });

    it("are in its own namespace, but for what is in none", () => {
      const { scope } = run.config.datasetsServer;
      const elsewhere = permissions.filter((permission) => permission.namespace !== scope.namespace);
      const makesNamespace = run.objects.some(({ kind }) => kind === "Namespace");
      const makesClaim = run.objects.some(({ kind }) => kind === "PersistentVolumeClaim");
      assert.deepEqual(
        new Set(elsewhere.map(({ resource }) => resource)),
        new Set([...(makesNamespace ? ["namespaces"] : []), ...(makesClaim ? ["storageclasses"] : [])]),
      );
      assert.ok(elsewhere.every((permission) => permission.namespace === undefined));
    });

    it("are named once each", () => {
      assert.equal(new Set(permissions.map(say)).size, permissions.length);
    });
  });
}

describe("the permissions to objects of one kind", () => {
  it("are to make, change, find and delete them, and to see the events that tell why one is not ready", () => {
    assert.deepEqual(permissionsFor(["ConfigMap"], namespace).map(say).sort(), [
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
    const looks = permissionsFor(["Deployment"], namespace).filter(({ resource }) => resource !== "deployments");
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
    const permissions = permissionsFor(["PersistentVolumeClaim"], namespace).map(say);
    assert.ok(permissions.includes("get storage.k8s.io/storageclasses"), permissions.join(", "));
  });
});
