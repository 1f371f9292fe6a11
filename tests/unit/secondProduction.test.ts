import * as assert from "node:assert/strict";
import { jobNames } from "../../catalog/jobs";
import { type KubernetesObject, plainObjects } from "../../cli/lib/objects";
import { fixtureConfig, stackConfig } from "../support/stackConfig";
import { stackRun } from "../support/stackRuns";

const names = {
  "datasets-server-prod": "datasets-server-prod-hub-green",
  "datasets-server-prod-int": "prod-hub-green-int",
};

/** The objects of a second production whose stack file is production's with what such a file must change. */
async function objectsOf(standby: boolean): Promise<Map<string, string>> {
  const config = fixtureConfig("prod");
  const ingress = Object.entries(names).reduce(
    (text, [first, second]) => text.replace(`"name":"${first}"`, `"name":"${second}"`),
    config["datasets-server:ingress"] ?? "",
  );
  const { datasetsServer } = await stackConfig("prod-hub-green", {
    config: {
      ...config,
      "datasets-server:stacks": '["prod-CLUSTER"]',
      "datasets-server:cluster": (config["datasets-server:cluster"] ?? "").replace("hub-prod", "hub-green"),
      "datasets-server:standby": String(standby),
      "datasets-server:ingress": ingress,
    },
  });
  return byName(plainObjects(datasetsServer));
}

function byName(objects: readonly KubernetesObject[]): Map<string, string> {
  return new Map(objects.map((object) => [`${object.kind} ${object.metadata.name}`, JSON.stringify(object)]));
}

/** The object of the first production as it is on the second. */
function onSecond(object: string): string {
  return Object.entries(names).reduce(
    (text, [first, second]) => text.replace(`load-balancer-name":"${first}"`, `load-balancer-name":"${second}"`),
    object.replaceAll(/"((datasets-server\.huggingface\.co\/)?stack)":"prod"/g, '"$1":"prod-hub-green"'),
  );
}

describe("a second production, prod-hub-green", () => {
  let first: Map<string, string>;

  before(async () => {
    first = byName((await stackRun("prod")).objects);
  });

  it("has every object of the first under the same name, with its own label and load balancers", async () => {
    const second = await objectsOf(false);
    assert.deepEqual([...second.keys()], [...first.keys()]);
    for (const [name, object] of first) assert.equal(second.get(name), onSecond(object));
  });

  it("has, while it stands by, its scheduled jobs suspended and no migration, and all else as later", async () => {
    const [standby, active] = [await objectsOf(true), await objectsOf(false)];
    const staying = [...active].filter(([name]) => !name.includes("-migration-"));
    assert.deepEqual(
      [...standby.keys()],
      staying.map(([name]) => name),
    );
    const changing = staying.filter(([name, object]) => standby.get(name) !== object);
    assert.deepEqual(
      changing.map(([name]) => name),
      [...jobNames.map((job) => `CronJob datasets-server-prod-${job}`), "PrometheusRule datasets-server-prod-alerts"],
    );
    for (const [name, object] of changing) {
      const asLater = standby
        .get(name)
        ?.replace('"suspend":true', '"suspend":false')
        .replace(/(spec_suspend.* != )1/, "$10");
      assert.equal(asLater, object);
    }
  });
});
