import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import path from "node:path";
import * as k8s from "@kubernetes/client-node";
import { z } from "zod";
import { groups } from "../../cli/access/rbac";
import { secretsKey } from "../../config/accounts";
import { placeholders } from "../../config/schema";
import { type RunResult, run } from "../../tools/run";
import { account } from "../support/aws";
import { callKms } from "../support/aws/motoCalls";
import { fastPodStages } from "../support/e2e/cluster";
import { deployRole, type Eks, holdLock, newEksEngine, startEks } from "../support/e2e/eks";
import type { Engine } from "../support/e2e/engine";
import { findLeaks } from "../support/e2e/leaks";
import { setEverySecret } from "../support/e2e/secrets";
import { suiteFolder } from "../support/e2e/world";

const namespace = "datasets-server";
const token = `hf_${randomBytes(24).toString("hex")}`;

/** What one check found. */
interface Row {
  readonly outcome: string;
  readonly found: string;
}

describe("ds doctor prod, with the permissions of docs/access.md", () => {
  let eks: Eks;
  let engine: Engine;
  const printed: Record<string, string> = {};

  before(async () => {
    eks = await startEks("hub-prod", await fastPodStages());
    engine = await newEksEngine(eks, "prod", await suiteFolder("doctor"));
    await setEverySecret(engine, { hfToken: token });
  });
  afterEach(() => eks.aws.faults.clear());
  after(() => eks.stop());

  async function doctor(): Promise<RunResult & { readonly rows: ReadonlyMap<string, Row> }> {
    const command = ["-r", "ts-node/register/transpile-only", "cli/main.ts", "doctor", engine.stack];
    const workspace = path.dirname(engine.pulumiHome);
    const result = await run(process.execPath, [...command, "--workspace", workspace], {
      cwd: engine.folder,
      env: engine.environment,
      timeoutMs: 60_000,
    });
    printed[`run ${Object.keys(printed).length}`] = result.stdout + result.stderr;
    return { ...result, rows: rowsOf(result.stdout) };
  }

  function assertFailed(rows: ReadonlyMap<string, Row>, check: string, says: RegExp): void {
    const row = rows.get(check);
    assert.equal(row?.outcome, "failed", `${check}: ${JSON.stringify(row)}`);
    assert.match(row?.found ?? "", says);
    assert.match(row?.found ?? "", /Next: \S/);
  }

  it("finds nothing wrong where nothing is, and says what it cannot know", async () => {
    const { code, stdout, stderr, rows } = await doctor();
    assert.equal(code, 0, stdout + stderr);
    const well = [...rows]
      .filter(([, { outcome }]) => outcome !== "ok")
      .map(([check, { outcome }]) => [check, outcome]);
    assert.deepEqual(well, [
      ["load balancer ranges", "warning"],
      // Repositories that nobody has set up have tags that can be moved.
      ["tags", "warning"],
      ["network policies", "unknown"],
      ["namespace", "unknown"],
    ]);
    const identity = `arn:aws:sts::${account}:assumed-role/${deployRole("hub-prod")}/`;
    for (const check of ["AWS identity", "API server"]) {
      assert.ok(rows.get(check)?.found.includes(identity), `${check}: ${rows.get(check)?.found}`);
    }
    assert.match(rows.get("secrets")?.found ?? "", /values opened with awskms:\/\/alias\/datasets-server-hub-prod/);
  });

  it("names a right, custom resources and a secret that are missing, and a lock, all at once", async () => {
    const unlock = await holdLock(eks, "prod");
    await takeAway(eks, "services", "create");
    const definitions = eks.cluster.kubernetes.config.makeApiClient(k8s.ApiextensionsV1Api);
    await definitions.deleteCustomResourceDefinition({ name: "podmonitors.monitoring.coreos.com" });
    await engine.setSecret("hfToken", placeholders.hfToken);

    const { code, rows } = await doctor();
    assert.equal(code, 1);
    assertFailed(
      rows,
      "permissions: services",
      /missing: services in namespace datasets-server: create\n.*docs\/access\.md/,
    );
    assertFailed(rows, "custom resources", /has no podmonitors here/);
    assertFailed(rows, "lock", /locked by somebody@elsewhere \(pid 4711\) since .*\nNext: .*ds unlock prod/);
    assertFailed(rows, "placeholders", /Next: ds pulumi prod -- config set --secret datasets-server:hfToken/);
    assert.ok([...rows].some(([check, { outcome }]) => outcome === "ok" && /^\d+ permissions$/.test(check)));
    await unlock();
  });

  it("names a cluster that is not ready and a key that is disabled, and skips what needs them", async () => {
    const cluster = eks.aws.clusters.get("hub-prod");
    assert.ok(cluster);
    eks.aws.clusters.set("hub-prod", { ...cluster, status: "UPDATING" });
    const { alias } = secretsKey("hub-prod");
    const { KeyMetadata } = await callKms(eks.aws.moto.endpoint, "DescribeKey", { KeyId: alias }, describedKey);
    await callKms(eks.aws.moto.endpoint, "DisableKey", KeyMetadata, z.unknown());

    const { code, rows } = await doctor();
    assert.equal(code, 1);
    assertFailed(rows, "EKS cluster", /cluster hub-prod is UPDATING, and must be ACTIVE/);
    assertFailed(rows, "secrets", /is disabled/);
    for (const check of ["token", "API server", "namespace", "custom resources", "permissions"]) {
      assert.deepEqual(rows.get(check), { outcome: "skipped", found: "EKS cluster failed" });
    }
    assert.deepEqual(rows.get("placeholders"), { outcome: "skipped", found: "secrets failed" });
    eks.aws.clusters.set("hub-prod", cluster);
    await callKms(eks.aws.moto.endpoint, "EnableKey", KeyMetadata, z.unknown());
  });

  it("names credentials that have expired", async () => {
    eks.aws.faults.set("*", { status: 403, code: "ExpiredToken", message: "The security token has expired" });
    const { code, rows } = await doctor();
    assert.equal(code, 1);
    assertFailed(rows, "AWS identity", /credentials have expired.*\nNext: sign in again/);
    assertFailed(rows, "state", /credentials have expired.*\nNext: sign in again/);
    assert.deepEqual(rows.get("EKS cluster"), { outcome: "skipped", found: "AWS identity failed" });
  });

  it("has printed no secret and no token", async () => {
    assert.equal(Object.keys(printed).length, 4);
    for (const secret of [token, "k8s-aws-v1."]) {
      assert.deepEqual(await findLeaks(secret, { folders: [], texts: printed }), []);
    }
  });
});

const describedKey = z.object({ KeyMetadata: z.object({ KeyId: z.string() }) });

/** What was found by each check; the lines of one stay lines. What is well is only counted where it is of several things. */
function rowsOf(printed: string): Map<string, Row> {
  const rows = new Map<string, Row>();
  let last = "";
  for (const line of printed.split("\n")) {
    const [, outcome = "", check = "", found = ""] =
      /^(failed|warning|unknown|skipped|ok) +([\w ,-]+?(?:: [\w.]+)?)(?:: (.*))?$/.exec(line) ?? [];
    const above = rows.get(last);
    if (outcome !== "") {
      // Those that were skipped for the same reason share a line.
      for (const name of check.split(", ")) rows.set(name, { outcome, found });
      last = check;
    } else if (above && line.startsWith("  ")) {
      rows.set(last, { ...above, found: `${above.found}\n${line.trim()}` });
    }
  }
  return rows;
}

/** Takes one verb on one resource from the role that deploys. */
async function takeAway({ cluster }: Eks, resource: string, verb: string): Promise<void> {
  const rbac = cluster.kubernetes.config.makeApiClient(k8s.RbacAuthorizationV1Api);
  const { items: bindings } = await rbac.listNamespacedRoleBinding({ namespace });
  const binding = bindings.find(({ subjects = [] }) => subjects.some(({ name }) => name === groups.deploy));
  const name = binding?.roleRef.name ?? "";
  const role = await rbac.readNamespacedRole({ namespace, name });
  const rules = role.rules?.flatMap((rule) => {
    if (!rule.resources?.includes(resource)) return [rule];
    const others = rule.resources.filter((other) => other !== resource);
    const limited = { ...rule, resources: [resource], verbs: rule.verbs.filter((other) => other !== verb) };
    return others.length === 0 ? [limited] : [{ ...rule, resources: others }, limited];
  });
  await rbac.replaceNamespacedRole({ namespace, name, body: { ...role, rules } });
}
