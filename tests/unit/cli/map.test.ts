import * as assert from "node:assert/strict";
import { workerComponent } from "../../../catalog/workers";
import { stackFile } from "../../../cli/lib/project";
import { readStack } from "../../../cli/lib/stackFile";
import { allPods, type Drawing } from "../../../cli/map/drawing";
import { draw } from "../../../cli/map/svg";
import { inventoryOf, systemMap } from "../../../cli/map/systemMap";
import type { DatasetsServerArgs } from "../../../components/buildObjects";
import type { NetworkPolicy } from "../../../policy/shapes";

function argsOf(stack: string): DatasetsServerArgs {
  return readStack(stack, stackFile(stack), {}).config.datasetsServer;
}

/** Production's, without what its stack file may open beyond what all need. */
function plainProd(): DatasetsServerArgs {
  const args = argsOf("prod");
  return { ...args, network: { ...args.network, egress: [] } };
}

/** The flows of a drawing, as `from -> to: label`. */
function flowsOf({ flows }: Drawing): string[] {
  return flows.map(({ from, to, label }) => `${from} -> ${to}: ${label}`);
}

/** Each rule as a policy of its own. */
function rulesOf(policies: readonly NetworkPolicy[]): NetworkPolicy[] {
  return policies.flatMap((policy) => [
    ...policy.spec.ingress.map((rule) => ({ ...policy, spec: { ...policy.spec, ingress: [rule], egress: [] } })),
    ...policy.spec.egress.map((rule) => ({ ...policy, spec: { ...policy.spec, ingress: [], egress: [rule] } })),
  ]);
}

function linesOf({ boxes }: Drawing, id: string): readonly string[] {
  return boxes.find((box) => box.id === id)?.lines ?? [];
}

describe("the map of a system", () => {
  const prod = systemMap(plainProd());

  it("has each way that the network policies let through, with its ports, and no other", () => {
    const ways = flowsOf(prod).filter((flow) => !flow.includes("-pvc"));
    assert.deepEqual(ways, [
      "datasets-server.huggingface.co -> datasets-server-prod: 80, 443",
      "internal.datasets-server.huggingface.co -> datasets-server-prod-int: 80, 443",
      `${allPods} -> DNS: 53`,
      `${allPods} -> public addresses: 80, 443`,
      `${allPods} -> MongoDB: 27017`,
      "Prometheus -> web services: 8080",
      "Prometheus -> worker pools: 8080",
      "datasets-server-prod -> web services: 8080",
      "datasets-server-prod-int -> web services: 8080",
    ]);
  });

  it("names the components of a box that a way is opened for, where it is not for all of them", () => {
    const args = plainProd();
    const opened = (from: readonly string[], port: number) => ({ cidr: "10.12.1.50/32", ports: [port], from });
    const added = (...egress: ReturnType<typeof opened>[]) =>
      flowsOf(systemMap({ ...args, network: { ...args.network, egress } })).filter(
        (flow) => !flowsOf(prod).includes(flow),
      );
    const pools = Object.keys(args.workers).map(workerComponent);
    assert.deepEqual(added(opened(["worker-heavy"], 9000)), ["worker pools -> 10.12.1.50/32: worker-heavy: 9000"]);
    assert.deepEqual(added(opened(pools, 9000)), ["worker pools -> 10.12.1.50/32: 9000"]);
    assert.deepEqual(added(opened(pools, 9000), opened(["worker-heavy"], 9001)), [
      "worker pools -> 10.12.1.50/32: 9000\nworker-heavy: 9001",
    ]);
  });

  it("shows each rule of each network policy, and no way between pods or to the outside without one", () => {
    for (const stack of ["prod", "local"]) {
      const args = argsOf(stack);
      const inventory = inventoryOf(args);
      const flowsWith = (networkPolicies: NetworkPolicy[]) =>
        flowsOf(systemMap(args, { ...inventory, networkPolicies }));
      const hostsAndVolumes = flowsWith([]);
      const ofEachRule = rulesOf(inventory.networkPolicies).map((rule) =>
        flowsWith([rule]).filter((flow) => !hostsAndVolumes.includes(flow)),
      );
      assert.ok(
        ofEachRule.every((flows) => flows.length > 0),
        stack,
      );
      const all = flowsWith(inventory.networkPolicies);
      assert.deepEqual(new Set(all), new Set([...hostsAndVolumes, ...ofEachRule.flat()]), stack);
    }
  });

  it("says which paths reach which service, and which pods mount the volume", () => {
    const lines = linesOf(prod, "web services");
    for (const line of ["admin  /admin", "api  /", "search  /filter  /search"]) assert.ok(lines.includes(line), line);
    assert.ok(flowsOf(prod).includes("web services -> datasets-server-parquet-pvc: admin, rows, search"));
  });

  it("names the hosts outside that the application's variables name", () => {
    const named = linesOf(prod, "public addresses");
    for (const host of ["huggingface.co", "opts-api.spawningaiapi.com", "Amazon S3"])
      assert.ok(named.includes(host), host);
  });

  it("has a stack's own database with its volume where there is one", () => {
    const local = systemMap(argsOf("local"));
    assert.ok(flowsOf(local).includes(`${allPods} -> database: 27017`));
    assert.ok(
      local.flows.some(({ from, to }) => from === "database" && to.startsWith("datasets-server-local-mongodb")),
    );
  });

  it("begins and ends each flow at a box", () => {
    for (const stack of ["prod", "ephemeral", "local", "pr-7"]) {
      const { boxes, flows } = systemMap(argsOf(stack));
      const ids = [allPods, ...boxes.map(({ id }) => id)];
      assert.deepEqual(
        flows.filter(({ from, to }) => !ids.includes(from) || !ids.includes(to)),
        [],
        stack,
      );
    }
  });

  it("is the same picture each time, in colours for a light and a dark page, and holds no secret's marker", async () => {
    const picture = await draw(prod);
    assert.equal(await draw(prod), picture);
    assert.match(picture, /^<svg .*<\/svg>\n$/s);
    assert.match(picture, /prefers-color-scheme: dark/);
    assert.doesNotMatch(picture, /\[secret\]|undefined/);
  });

  it("shows a text with letters of SVG as that text", async () => {
    const box = { id: "a&b", kind: "outside", title: "<a> & b", lines: ['say "c"'] } as const;
    const picture = await draw({ title: "t", boxes: [box], flows: [] });
    assert.match(picture, />&lt;a&gt; &amp; b</);
  });
});
