import * as assert from "node:assert/strict";
import { healthPathOf } from "../../../catalog/services";
import { plainObjects } from "../../../cli/lib/objects";
import { stackOutputs } from "../../../cluster/outputs";
import { allObjects, buildObjects, imagesOf } from "../../../components/buildObjects";
import type { ManagedKind } from "../../../components/objects";
import { reviewObjects } from "../../../policy/rules";
import { protectedKinds } from "../../../safety/effects";
import { factsOf } from "../../../safety/rules";
import { fixtureConfig, stackConfig } from "../../support/stackConfig";

/** What a stack deploys without some of its services. */
async function without(stack: string, ...names: readonly string[]) {
  const config = fixtureConfig(stack);
  const services = Object.entries(JSON.parse(config["datasets-server:services"] ?? ""));
  const left = Object.fromEntries(services.filter(([name]) => !names.includes(name)));
  return stackConfig(stack, { config: { ...config, "datasets-server:services": JSON.stringify(left) } });
}

function idsOf({ datasetsServer }: Awaited<ReturnType<typeof without>>): string[] {
  return plainObjects(datasetsServer).map(({ kind, metadata }) => `${kind} ${metadata.name}`);
}

describe("a service that a stack file leaves out", () => {
  for (const stack of ["prod", "ephemeral", "local", "pr-7"]) {
    it(`does not run on ${stack}: no object is its own or names it, and no rule finds anything`, async () => {
      const { datasetsServer } = await without(stack, "rows");
      const objects = plainObjects(datasetsServer);
      assert.ok(!JSON.stringify(objects).includes(`${datasetsServer.scope.release}-rows`));
      assert.deepEqual(reviewObjects(objects, factsOf(datasetsServer)).violations, []);
      assert.ok(!("rows" in imagesOf(datasetsServer)));
    });
  }

  it("takes objects along in production that no update deletes unless it is allowed to", async () => {
    const after = idsOf(await without("prod", "rows"));
    const gone = idsOf(await without("prod")).filter((id) => !after.includes(id));
    assert.deepEqual(
      gone.filter((id) => protectedKinds.includes(id.split(" ")[0] ?? "")),
      [
        "Deployment datasets-server-prod-rows",
        "Ingress datasets-server-prod-rows",
        "Ingress datasets-server-prod-rows-internal",
        "Service datasets-server-prod-rows",
      ],
    );
  });

  it("may be any and all of them", async () => {
    const all = ["admin", "api", "rows", "search", "sse-api", "webhook"];
    const { datasetsServer } = await without("local", ...all);
    const objects = plainObjects(datasetsServer);
    const webKinds: readonly ManagedKind[] = ["Ingress", "ServiceMonitor"];
    assert.deepEqual(
      objects.filter(({ kind }) => webKinds.includes(kind)),
      [],
    );
    // Secrets that only it read are there still, which is advice.
    const { violations } = reviewObjects(objects, factsOf(datasetsServer));
    assert.deepEqual([...new Set(violations.map(({ rule }) => rule))], ["configuration-is-read"]);
  });

  it("is none that commands of the outputs and the smoke check ask", async () => {
    const { cluster, datasetsServer } = await without("prod", "api");
    const images = imagesOf(datasetsServer);
    const objects = allObjects(buildObjects(datasetsServer));
    const { commands } = stackOutputs(cluster, datasetsServer.scope, { url: "https://here", images }, objects);
    const names = Object.keys(commands.logs);
    assert.ok(
      names.includes("datasets-server-prod-admin") && !names.includes("datasets-server-prod-api"),
      names.join(),
    );
    assert.equal(healthPathOf(Object.keys(images)), "/admin/healthcheck");
    assert.equal(healthPathOf(["rows", "api"]), "/healthcheck");
    assert.equal(healthPathOf(["rows", "worker"]), undefined);
  });

  it("is none that a range of the network may be opened for", async () => {
    const network = { ...JSON.parse(fixtureConfig("prod")["datasets-server:network"] ?? "") };
    const egress = [{ cidr: "10.12.1.0/28", ports: [443], from: ["rows"] }];
    const services = JSON.parse(fixtureConfig("prod")["datasets-server:services"] ?? "");
    const { rows: _, ...left } = services;
    const config = {
      ...fixtureConfig("prod"),
      "datasets-server:network": JSON.stringify({ ...network, egress }),
      "datasets-server:services": JSON.stringify(left),
    };
    await assert.rejects(stackConfig("prod", { config }), /network\.egress\.0\.from\.0: got "rows"; expected one of/);
  });
});
