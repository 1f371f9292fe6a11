import * as assert from "node:assert/strict";
import { allObjects, buildObjects } from "../../../components/buildObjects";
import { fixtureConfig, stackConfig } from "../../support/stackConfig";

/** What the engine is told about the namespaces and claims of a stack that makes both, by their kinds. */
async function protection(stack: string, file = stack) {
  const config = fixtureConfig(file);
  const found: Record<string, unknown> = {};
  const making = {
    ...config,
    "datasets-server:namespace": JSON.stringify({ create: true }),
    "datasets-server:parquetMetadata": JSON.stringify({
      ...JSON.parse(config["datasets-server:parquetMetadata"] ?? ""),
      create: { storageClass: "efs", size: "100Gi" },
    }),
  };
  const { datasetsServer } = await stackConfig(stack, { config: making });
  for (const { kind, options } of allObjects(buildObjects(datasetsServer))) {
    if (kind !== "Namespace" && kind !== "PersistentVolumeClaim") continue;
    const { protect, retainOnDelete } = options;
    found[kind] = { protect, retainOnDelete };
  }
  return found;
}

describe("a namespace and a claim that a stack makes", () => {
  for (const stack of ["prod", "ephemeral"]) {
    it(`are protected on ${stack}, and the namespace outlives the stack`, async () => {
      assert.deepEqual(await protection(stack), {
        Namespace: { protect: true, retainOnDelete: true },
        PersistentVolumeClaim: { protect: true, retainOnDelete: undefined },
      });
    });
  }

  it("go with the environment of a pull request", async () => {
    assert.deepEqual(await protection("pr-5", "ephemeral"), {
      Namespace: { protect: false, retainOnDelete: false },
      PersistentVolumeClaim: { protect: false, retainOnDelete: undefined },
    });
  });
});
