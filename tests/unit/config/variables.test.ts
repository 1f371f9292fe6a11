import * as assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import { readersOf } from "../../../catalog/readers";
import { serviceNames } from "../../../catalog/services";
import { variableNamed, variables } from "../../../catalog/variables";
import { plainObjects } from "../../../cli/lib/objects";
import type { PlainObject } from "../../../components/objects";
import { settable } from "../../../config/env";
import { fixtureConfig, stackConfig } from "../../support/stackConfig";

/** Production's fixture with an entry in a map of it. */
function withEnv(config: Record<string, string>, env: Record<string, unknown>): Record<string, string> {
  const given = JSON.parse(config["datasets-server:env"] ?? "{}");
  return { ...config, "datasets-server:env": JSON.stringify({ ...given, ...env }) };
}

/** The same with no job that has variables of its own. */
function withoutOwnEnv(config: Record<string, string>): Record<string, string> {
  const jobs = Object.entries(JSON.parse(config["datasets-server:jobs"] ?? "{}"));
  const same = jobs.map(([job, given]) => [job, { ...Object(given), env: {} }]);
  return { ...config, "datasets-server:jobs": JSON.stringify(Object.fromEntries(same)) };
}

function withPoolEnv(config: Record<string, string>, pool: string, env: Record<string, unknown>) {
  const workers = JSON.parse(config["datasets-server:workers"] ?? "{}");
  return { ...config, "datasets-server:workers": JSON.stringify({ ...workers, [pool]: { ...workers[pool], env } }) };
}

async function objectsOf(config: Record<string, string>): Promise<readonly PlainObject[]> {
  return plainObjects((await stackConfig("prod", { config })).datasetsServer);
}

/** The workloads whose objects differ, each pool of workers as `workers`. */
function rolled(before: readonly PlainObject[], after: readonly PlainObject[]): string[] {
  const changed = after.filter(({ kind, metadata, ...rest }) => {
    const old = before.find((other) => other.kind === kind && other.metadata.name === metadata.name);
    const isWorkload = ["Deployment", "CronJob", "Job"].includes(kind);
    return isWorkload && !isDeepStrictEqual(rest.spec, old?.spec);
  });
  const names = changed.map(({ metadata }) => metadata.name.replace(/^datasets-server-prod-/, ""));
  return [...new Set(names.map((name) => name.replace(/^worker-.*/, "workers").replace(/^mongodb-.*/, "migration")))];
}

/** A value that a variable may have and has not. */
function anotherValue(name: string): unknown {
  const { definition } = settable.find((variable) => variable.name === name) ?? assert.fail(name);
  const { type, value, builtIn } = definition;
  switch (type.is) {
    case "whole number":
      return Number(value ?? builtIn ?? type.least) + 1;
    case "number":
      return Number(value ?? builtIn ?? 1) / 2;
    case "switch":
      return value !== true;
    case "word":
      return type.words.findLast((word) => word !== value);
    case "list of datasets":
      return ["somebody/*"];
    case "URL":
      return "https://example.org";
    case "region":
      return "eu-west-1";
    case "path":
      return "/another";
    case "text":
    case "storage root":
      return "another";
  }
}

describe("the environment variables of the application", () => {
  const config = withoutOwnEnv(fixtureConfig("prod"));
  const { "datasets-server:services": services = "{}" } = config;
  /** Services that the catalog has got since the fixture was written. */
  const absent: readonly string[] = serviceNames.filter((name) => !Object.hasOwn(JSON.parse(services), name));
  let unchanged: readonly PlainObject[];

  before(async () => {
    unchanged = await objectsOf(config);
  });

  for (const { name } of settable) {
    it(`roll those that read ${name} and no others, when it changes`, async () => {
      const group = variableNamed(name)?.group;
      assert.ok(group && group !== "pod");
      const after = await objectsOf(withEnv(config, { [name]: anotherValue(name) }));
      const derivedToo = name === "ASSETS_STORAGE_PROTOCOL" ? readersOf("cached-assets") : [];
      const hub = name === "COMMON_HF_ENDPOINT" ? readersOf("hub-api") : [];
      const readers = [...readersOf(group), ...derivedToo, ...hub].filter((reader) => !absent.includes(reader));
      const expected = new Set(readers);
      assert.deepEqual(rolled(unchanged, after).sort(), [...expected].sort());
    });
  }

  it("roll one pool alone, when the variable is its own", async () => {
    const after = await objectsOf(withPoolEnv(config, "heavy", { WORKER_MAX_JOB_DURATION_SECONDS: 3600 }));
    const changed = after.filter((object) => !unchanged.some((other) => isDeepStrictEqual(other, object)));
    assert.deepEqual(
      changed.map(({ kind, metadata }) => `${kind} ${metadata.name}`),
      ["Deployment datasets-server-prod-worker-heavy"],
    );
  });

  it("are settable, derived or secret, each with a sentence", () => {
    for (const [name, { does }] of Object.entries(variables)) assert.match(does, /^[A-Z].*\.$/, name);
  });
});
