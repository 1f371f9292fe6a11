import * as assert from "node:assert/strict";
import { causeOf } from "../../../cluster/kubernetesClient";
import { UserError } from "../../../cluster/userError";
import { describePermissions, requirePermissions, reviewAccess } from "../../../safety/accessReview";
import { type Permission, permissionsFor } from "../../../safety/permissions";

const namespace = "datasets-server";
const permissions = permissionsFor(["Deployment", "Job", "PersistentVolumeClaim", "Secret"], namespace);

/** An API server that allows all permissions but those that `denies` picks. */
function apiServer(denies: (permission: Partial<Permission>) => boolean) {
  return {
    authentication: {
      createSelfSubjectReview: async () => ({ status: { userInfo: { username: "deployer" } } }),
    },
    authorization: {
      createSelfSubjectAccessReview: async ({
        body: { spec },
      }: {
        body: { spec: { resourceAttributes?: object } };
      }) => ({
        spec,
        status: { allowed: !denies(spec.resourceAttributes ?? {}) },
      }),
    },
  };
}

describe("a review of permissions", () => {
  it("names the principal, and nothing missing where all is allowed", async () => {
    assert.deepEqual(
      await reviewAccess(
        apiServer(() => false),
        permissions,
      ),
      { principal: "deployer", missing: [] },
    );
  });

  it("names every missing permission, however many were asked for", async () => {
    const { missing } = await reviewAccess(
      apiServer(({ verb }) => verb === "watch"),
      permissions,
    );
    assert.deepEqual(
      missing,
      permissions.filter(({ verb }) => verb === "watch"),
    );
    assert.ok(permissions.length > 25 && missing.length > 1, `${missing.length} of ${permissions.length}`);
  });

  it("describes permissions in one line for each resource", () => {
    assert.deepEqual(describePermissions(permissionsFor(["PersistentVolumeClaim"], namespace)), [
      "persistentvolumeclaims in namespace datasets-server: create, delete, get, list, patch, watch",
      "events in namespace datasets-server: list, watch",
      "storageclasses.storage.k8s.io in the whole cluster: get",
    ]);
  });
});

describe("the cause of a failed request", () => {
  it("is what the API server says, in whatever form the client holds it", () => {
    for (const body of [{ message: "pods is forbidden" }, '{"message":"pods is forbidden"}', "pods is forbidden\n"]) {
      assert.equal(causeOf(Object.assign(new Error("HTTP-Code: 403"), { body })), "pods is forbidden");
    }
  });

  it("is the error's own first line where no server has said anything", () => {
    assert.equal(causeOf(new Error("connect ECONNREFUSED\nmore")), "connect ECONNREFUSED");
    assert.equal(causeOf("nothing"), "nothing");
  });
});

describe("a run", () => {
  it("goes on where nothing is missing", async () => {
    await requirePermissions(async () => apiServer(() => false), permissions);
  });

  it("is an error with every missing permission, whose they would be, and what to do", async () => {
    const refusal = requirePermissions(
      async () =>
        apiServer(({ resource, verb }) => resource === "pods" || (resource === "deployments" && verb === "patch")),
      permissions,
    );
    await assert.rejects(refusal, (error) => {
      assert.ok(error instanceof UserError);
      assert.deepEqual(error.message.split("\n"), [
        "deployer lacks permissions on the cluster that this stack needs; no changes were made:",
        "  deployments.apps in namespace datasets-server: patch",
        "  pods in namespace datasets-server: list, watch",
      ]);
      assert.equal(error.next, "ask an administrator of the cluster for the roles of docs/access.md, then run again");
      return true;
    });
  });

  it("is an error with the cause where the API server does not answer the question", async () => {
    const refusal = requirePermissions(() => Promise.reject(new Error("Unauthorized\nBody: ...")), permissions);
    await assert.rejects(refusal, {
      message: "cannot ask the cluster for the permissions of this identity; no changes were made: Unauthorized",
    });
  });
});
