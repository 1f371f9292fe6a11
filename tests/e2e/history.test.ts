import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import type { RunResult } from "../../tools/run";
import { type Cluster, fastPodStages, newCluster } from "../support/e2e/cluster";
import type { Engine } from "../support/e2e/engine";
import { milestones, recordHistory } from "../support/e2e/history";
import { findLeaks } from "../support/e2e/leaks";
import { newEngine, suiteFolder } from "../support/e2e/world";

const namespace = "datasets-server";
const prefix = "datasets-server-local";
const firstTag = "sha-59db084";
const secondTag = "sha-0123abc";
const token = "hf_of_the_history_test";

describe("ds deploy, history and drift, from a git checkout", () => {
  let suite: string;
  let cluster: Cluster;
  let engine: Engine;
  let firstCommit: string;
  let secondCommit: string;
  let asFirstDeployed: Awaited<ReturnType<typeof wanted>>;

  before(async () => {
    suite = await suiteFolder("history");
    cluster = await newCluster(path.join(suite, "workspace"), await fastPodStages());
    engine = await newEngine("local", suite);
    await engine.setSecret("hfToken", token);
    await engine.script("git init --quiet --initial-branch main");
    firstCommit = await commit("first");
  });
  after(() => cluster.stop());

  async function commit(title: string): Promise<string> {
    const author = "-c user.name=grace -c user.email=grace@example.org";
    await engine.script(`git add --all; git ${author} commit --quiet --message "${title}"`);
    return (await engine.shell("git rev-parse --short=12 HEAD")).stdout.trim();
  }

  function command(name: string, ...flags: readonly string[]): Promise<RunResult> {
    const cli = ["-r", "ts-node/register/transpile-only", "cli/main.ts"];
    const workspace = path.join(suite, "workspace");
    return engine.command("node", ...cli, name, "local", "--workspace", workspace, ...flags);
  }

  async function deploy(): Promise<void> {
    const { code, stdout, stderr } = await command("deploy", "--yes");
    assert.equal(code, 0, stdout + stderr);
    assert.match(stdout, /^stack local serves what was deployed$/m);
  }

  /** What the objects of the stack are to be, by kind and name; the migration, which may be skipped, is left out. */
  async function wanted() {
    const { apps, core } = cluster.kubernetes;
    const labelSelector = "datasets-server.huggingface.co/stack=local";
    const deployments = (await apps.listNamespacedDeployment({ namespace, labelSelector })).items;
    const settings = (await core.listNamespacedConfigMap({ namespace, labelSelector })).items;
    return {
      deployments: Object.fromEntries(deployments.map(({ metadata, spec }) => [metadata?.name, spec])),
      settings: Object.fromEntries(settings.map(({ metadata, data }) => [metadata?.name, data])),
    };
  }

  /** The cells of each row that `ds history` shows, without the time. */
  async function rows(...flags: readonly string[]): Promise<string[][]> {
    const { code, stdout, stderr } = await command("history", ...flags);
    assert.equal(code, 0, stdout + stderr);
    const [, ...lines] = stdout.trimEnd().split("\n");
    return lines.map((line) => line.split(/ {2,}/).slice(1));
  }

  const me = `${os.userInfo().username}@${os.hostname()}`;

  it("deploys a commit, and then another with other images and settings", async () => {
    await deploy();
    asFirstDeployed = await wanted();
    await engine.configure("images.tag", secondTag);
    await engine.configure("env.LOG_LEVEL", "WARNING");
    secondCommit = await commit("second");
    await deploy();
    assert.notDeepEqual(await wanted(), asFirstDeployed);
  });

  it("tells who deployed which commit with which images, the latest first", async () => {
    const [second, first, ...others] = await rows();
    assert.deepEqual(second?.slice(0, 5), [me, secondCommit, secondTag, "update", "succeeded"]);
    assert.deepEqual(first?.slice(0, 5), [me, firstCommit, firstTag, "update", "succeeded"]);
    assert.deepEqual(others, []);
    assert.deepEqual(await rows("--limit", "1"), [second]);
  });

  it("goes back to the first commit, without migrating: every object is as it was", async () => {
    await engine.script(`git checkout --quiet ${firstCommit}`);
    await engine.configure("migration.mode", "skip");
    const meanwhile = await recordHistory(cluster.kubernetes, namespace, deploy);
    assert.deepEqual(await wanted(), asFirstDeployed);
    assert.deepEqual(milestones(meanwhile, { component: "mongodb-migration", reached: "created" }), []);
    const [last] = await rows("--limit", "1");
    assert.deepEqual(last?.slice(0, 5), [me, `${firstCommit}, changed`, firstTag, "update", "succeeded"]);
  });

  it("finds no drift where nobody has touched anything, the autoscaler and controllers aside", async () => {
    const { code, stdout, stderr } = await command("drift");
    assert.equal(code, 0, stdout + stderr);
    assert.match(stdout, /^no drift$/m);
  });

  it("finds what was changed, removed and added by hand, and says who wrote it", async () => {
    const { objects, policy } = cluster.kubernetes;
    const by = (manager: string) => [undefined, undefined, manager] as const;
    const api = { name: `${prefix}-api`, namespace };
    const env = { spec: { containers: [{ name: "api", env: [{ name: "EXTRA", value: token }] }] } };
    const deployment = { apiVersion: "apps/v1", kind: "Deployment" };
    await objects.patch({ ...deployment, metadata: api, spec: { template: env } }, ...by("mallory"));
    const rowsService = { name: `${prefix}-rows`, namespace };
    await objects.patch({ ...deployment, metadata: rowsService, spec: { replicas: 2 } }, ...by("trent"));
    const labelled = { ...api, labels: { team: "somebody" } };
    await objects.patch({ apiVersion: "v1", kind: "Service", metadata: labelled }, ...by("mallory"));
    await policy.deleteNamespacedPodDisruptionBudget(api);

    const file = path.join(suite, "drift.md");
    const { code } = await command("drift", "--out", file);
    assert.equal(code, 1);
    const found = (await readFile(file, "utf8")).split("\n").filter((line) => line.startsWith("| `"));
    assert.deepEqual(found.sort(), [
      `| \`Deployment ${namespace}/${prefix}-api\` | \`spec.template.spec.containers[0].env\` | \`differs from what was deployed\` |`,
      `| \`Deployment ${namespace}/${prefix}-api\` | \`spec.template.spec.containers[name=api].env[name=EXTRA]\` | \`written by mallory\` |`,
      `| \`Deployment ${namespace}/${prefix}-rows\` | \`spec.replicas\` | \`differs from what was deployed\` |`,
      `| \`Deployment ${namespace}/${prefix}-rows\` | \`spec.replicas\` | \`written by trent\` |`,
      `| \`PodDisruptionBudget ${namespace}/${prefix}-api\` |  | \`is gone\` |`,
      `| \`Service ${namespace}/${prefix}-api\` | \`metadata.labels.team\` | \`written by mallory\` |`,
    ]);
  });

  it("shows the token nowhere", async () => {
    assert.deepEqual(await findLeaks(token, { folders: [], texts: engine.printedTexts() }), []);
  });
});
