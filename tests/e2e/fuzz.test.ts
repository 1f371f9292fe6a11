import assert from "node:assert/strict";
import { sharedCluster } from "../support/e2e/world";
import { fuzz, seedOf } from "../support/fuzz";
import { ApiServer } from "../support/fuzz/apiServer";

const count = 100;

describe("the API server", () => {
  let apiServer: ApiServer;

  before(async () => {
    apiServer = await ApiServer.create((await sharedCluster()).kubernetes);
  });

  const seed = seedOf(process.env.SEED);
  it(`would take all that ${count} mutations of the configuration make, unless they are refused (SEED=${seed})`, async () => {
    const { accepted } = await fuzz({ count, seed, check: (objects) => apiServer.wouldTake(objects) });
    assert.ok(
      apiServer.distinctObjects > accepted,
      `${apiServer.distinctObjects} objects of ${accepted} configurations`,
    );
    console.log(`      ${accepted} accepted, ${apiServer.distinctObjects} distinct objects`);
  });

  it("would not take what is none of its kind", async () => {
    const service = { apiVersion: "v1", kind: "Service", metadata: { name: "no_name", namespace: "datasets-server" } };
    await assert.rejects(apiServer.wouldTake([service]), /the API server refuses Service no_name: .*RFC 1123/);
  });
});
