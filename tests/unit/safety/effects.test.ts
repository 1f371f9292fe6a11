import * as assert from "node:assert/strict";
import { plainObjects } from "../../../cli/lib/objects";
import { effectRows, effectsOf, protectedKinds } from "../../../safety/effects";
import { fixtureConfig, stackConfig } from "../../support/stackConfig";

/** The objects of a stack, each by its kind and name, with values in its stack file set by their keys. */
async function objectsOf(stack: string, values: Readonly<Record<string, unknown>> = {}) {
  const config: Record<string, string | undefined> = { ...fixtureConfig(stack) };
  for (const [path, value] of Object.entries(values)) {
    const [section = "", ...inner] = path.split(".");
    const key = `datasets-server:${section}`;
    const tree: unknown = inner.length === 0 ? value : JSON.parse(config[key] ?? "{}");
    if (inner.length > 0) put(Object(tree), inner, value);
    config[key] = typeof tree === "string" ? tree : JSON.stringify(tree);
  }
  const { datasetsServer } = await stackConfig(stack, { config: Object.fromEntries(definedEntries(config)) });
  return new Map(plainObjects(datasetsServer).map((object) => [`${object.kind}/${object.metadata.name}`, object]));
}

function definedEntries(config: Readonly<Record<string, string | undefined>>): [string, string][] {
  return Object.entries(config).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]]));
}

function put(tree: Record<string, unknown>, [key = "", ...rest]: readonly string[], value: unknown): void {
  if (rest.length > 0) put(Object(tree[key]), rest, value);
  else if (value === undefined) delete tree[key];
  else tree[key] = value;
}

/** What changes of a stack file mean, as `subject: stake`, each once. */
async function meaning(stack: string, values: Readonly<Record<string, unknown>>): Promise<string[]> {
  const [before, after] = [await objectsOf(stack), await objectsOf(stack, values)];
  const changes = [...new Set([...before.keys(), ...after.keys()])].flatMap((id) => {
    const [old, now] = [before.get(id), after.get(id)];
    const [kind = "", name = ""] = id.split("/");
    const does = old && now ? "update" : old ? "delete" : "create";
    return effectsOf({ does, kind, name, before: old, after: now });
  });
  return [...new Set(changes.map(({ subject, stake, way }) => `${subject}: ${way ? "impossible" : stake}`))].sort();
}

const release = "datasets-server-prod";

describe("a change of a stack file", () => {
  const cases: readonly (readonly [
    title: string,
    values: Readonly<Record<string, unknown>>,
    expected: readonly string[],
  ])[] = [
    [
      "of the load balancer's scheme",
      { "ingress.public.loadBalancer.scheme": "internet-facing" },
      [`LoadBalancer/${release}: traffic`],
    ],
    [
      "of the load balancer's name",
      { "ingress.public.loadBalancer.name": "another" },
      [`LoadBalancer/${release}: traffic`],
    ],
    [
      "of the load balancer's group",
      { "ingress.internal.loadBalancer.group": "another" },
      [`LoadBalancer/${release}-int: traffic`],
    ],
    ["of the host", { "ingress.public.host": "viewer.huggingface.co" }, [`LoadBalancer/${release}: traffic`]],
    [
      "of the certificate",
      {
        "ingress.public.loadBalancer.certificateArn":
          "arn:aws:acm:us-east-1:707930574880:certificate/234d1ed3-7ac1-481d-b2e4-31e17fbacb28",
      },
      [`LoadBalancer/${release}: traffic`],
    ],
    [
      "of the redirect to HTTPS",
      { "ingress.public.loadBalancer.redirectHttp": true },
      [`LoadBalancer/${release}: traffic`],
    ],
    ["of the load balancer's tags is free", { "ingress.public.loadBalancer.tags": { Env: "other" } }, []],
    [
      "that takes the record of a host away",
      { "ingress.internal.externalDns": false },
      [`LoadBalancer/${release}-int: traffic`],
    ],
    ["that announces a host which had no record is free", { "ingress.public.externalDns": true }, []],
    ["that hides a service from the public", { "services.rows.public": false }, [`Ingress/${release}-rows: traffic`]],
    [
      "of the ranges that may reach it",
      { "network.loadBalancerCidrs": ["10.12.1.0/24"] },
      [
        `NetworkPolicy/${release}-network-web-services: notice`,
        `NetworkPolicy/${release}-network-web-services: traffic`,
      ],
    ],
    [
      "that adds a range",
      { "network.loadBalancerCidrs": ["10.12.0.0/16", "10.13.0.0/16"] },
      [`NetworkPolicy/${release}-network-web-services: notice`],
    ],
    ["that stops a service", { "services.rows.replicas": 0 }, [`Deployment/${release}-rows: traffic`]],
    ["that drops a pool", { "workers.light": undefined }, [`Deployment/${release}-worker-light: traffic`]],
    ["that drops a job", { "jobs.backfill": undefined }, [`CronJob/${release}-backfill: notice`]],
    ["of an image is free", { "images.tag": "sha-0123abc" }, []],
    ["of a number of pods is free", { "services.api.replicas": 30 }, []],
  ];
  for (const [title, values, expected] of cases) {
    it(`${title}${expected.length > 0 ? " has a price" : ""}`, async () => {
      assert.deepEqual(await meaning("prod", values), expected);
    });
  }

  it("of the size of a volume is told where it grows, and impossible where it shrinks", async () => {
    const claim = [...(await objectsOf("local")).keys()].find((id) =>
      id.startsWith("PersistentVolumeClaim/datasets-server-local-mongodb"),
    );
    assert.deepEqual(await meaning("local", { "mongodb.storage": "16Gi" }), [`${claim}: notice`]);
    assert.deepEqual(await meaning("local", { "mongodb.storage": "4Gi" }), [`${claim}: impossible`]);
  });

  it("of the class of the database's volume costs its data, and leaves the old one until the new one is in use", async () => {
    const other = await meaning("local", { "mongodb.storageClass": "other" });
    assert.equal(other.length, 1);
    assert.match(other[0] ?? "", /^PersistentVolumeClaim\/datasets-server-local-mongodb-.*: data$/);
  });
});

describe("a new Ingress", () => {
  it("is told, as it shows a service to others", () => {
    const after = { spec: { rules: [{ host: "a.example", http: { paths: [{ path: "/rows" }] } }] } };
    const [effect] = effectsOf({ does: "create", kind: "Ingress", name: "rows", after });
    assert.equal(effect?.stake, "notice");
    assert.match(effect.text, /would open a service to who reaches a\.example/);
  });
});

describe("a replacement", () => {
  const claim = (name: string) => ({ kind: "PersistentVolumeClaim", metadata: { name } });

  it("of a claim by one of the same name is impossible, as pods have it", () => {
    const effects = (after: string) =>
      effectsOf({
        does: "replace",
        kind: "PersistentVolumeClaim",
        name: after,
        before: claim("a"),
        after: claim(after),
      });
    assert.match(effects("a")[0]?.way ?? "", /another name/);
    assert.equal(effects("b")[0]?.way, undefined);
  });

  it("of a StatefulSet by one of the same name is impossible, as no preview of it succeeds", () => {
    const set = { kind: "StatefulSet", metadata: { name: "a" } };
    const [effect] = effectsOf({ does: "replace", kind: "StatefulSet", name: "a", before: set, after: set });
    assert.match(effect?.way ?? "", /ds pr down N/);
  });
});

describe("the tables of effects", () => {
  it("say for every protected kind what its deletion costs", () => {
    for (const kind of protectedKinds) {
      const [effect] = effectsOf({ does: "delete", kind, name: "x" });
      assert.match(effect?.text ?? "", /^would be deleted: .{30,}$/);
    }
  });

  it("name each field once for each stake", () => {
    const rows = effectRows().map(({ kind, field, stake }) => `${kind} ${field} ${stake}`);
    assert.equal(new Set(rows).size, rows.length);
  });
});
