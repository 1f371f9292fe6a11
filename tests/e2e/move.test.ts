import assert from "node:assert/strict";
import fs from "node:fs/promises";
import path from "node:path";
import { BatchV1Api } from "@kubernetes/client-node";
import { run } from "../../tools/run";
import { type AwsAccount, asEksCluster, inAccount, startAwsAccount } from "../support/e2e/awsAccount";
import { edit } from "../support/e2e/checkout";
import { type Cluster, newCluster } from "../support/e2e/cluster";
import type { Engine } from "../support/e2e/engine";
import { createForeignObjects } from "../support/e2e/foreign";
import { objectsOf } from "../support/e2e/kubernetes";
import { setEverySecret } from "../support/e2e/secrets";
import { identities, settledPods } from "../support/e2e/workloads";
import { newEngine, suiteFolder } from "../support/e2e/world";

const namespace = "datasets-server";
const administrator = "administrator";
const findClusters = { Sid: "Find", Effect: "Allow", Action: ["eks:DescribeCluster"], Resource: ["*"] } as const;
const clusterArns = "arn:aws:eks:us-east-1:707930574880:cluster";
const hostAnnotation = "external-dns.alpha.kubernetes.io/hostname";
const nameAnnotation = "alb.ingress.kubernetes.io/load-balancer-name";

describe("moving production to another cluster, by the commands of docs/move-cluster.md", () => {
  const started: Cluster[] = [];
  let aws: AwsAccount;
  let hubProd: Cluster;
  let hubGreen: Cluster;
  let first: Engine;
  let second: Engine;
  let foreign: readonly string[];
  let document: string;

  before(async () => {
    const policies = [{ Version: "2012-10-17", Statement: [findClusters] }] as const;
    const role = { role: administrator, policies, kubernetesGroups: ["system:masters"] };
    aws = await startAwsAccount(await suiteFolder("aws"), { [administrator]: role });
    hubProd = await start("hub-prod");
    hubGreen = await start("hub-green");
    const folder = await suiteFolder("move");
    const bare = await newEngine("prod", folder, {
      PULUMI_OPTION_YES: "true",
      PULUMI_OPTION_SKIP_PREVIEW: "true",
    });
    document = await fs.readFile(path.join(bare.folder, "docs/move-cluster.md"), "utf8");
    first = await inAccount(bare, aws, administrator);
    second = first.forStack("prod-hub-green");

    await edit(path.join(first.folder, "Pulumi.prod.yaml"), /(?<=replicas: )\d+/gi, "1");
    await setEverySecret(first);
    for (const { kubernetes } of [hubProd, hubGreen]) {
      await createForeignObjects(kubernetes, namespace);
      await settledPods(kubernetes, namespace);
    }
    foreign = await identities(hubProd.kubernetes, namespace);
    await follow(first, "ds pulumi prod -- up");
  });
  after(async () => {
    await Promise.all(started.map((cluster) => cluster.stop()));
    await aws.stop();
  });

  async function start(name: string): Promise<Cluster> {
    const cluster = await newCluster(await suiteFolder(name), "fast", aws.apiServerArgs);
    started.push(cluster);
    aws.clusters.set(name, await asEksCluster(cluster.kubeconfig));
    return cluster;
  }

  /** Runs a command line that stands in the document; one that ends with `...` goes on there. */
  async function follow(engine: Engine, line: string): Promise<void> {
    const [command = "", more] = line.split(/ \.\.\.$/);
    assert.ok(
      `${document}\n`.includes(`\n${command}${more === undefined ? "\n" : " "}`),
      `${line} is not in the document`,
    );
    const { code, stdout, stderr } = await run("sh", ["-c", command], { cwd: engine.folder, env: engine.environment });
    assert.equal(code, 0, `${command}\n${stdout}${stderr}`);
  }

  /** The clusters on which a scheduled job may start. */
  async function scheduling(): Promise<string[]> {
    const active = await Promise.all(
      Object.entries({ hubProd, hubGreen }).map(async ([name, { kubernetes }]) => {
        const batch = kubernetes.config.makeApiClient(BatchV1Api);
        const { items } = await batch.listNamespacedCronJob({ namespace });
        return items.some(({ spec }) => spec?.suspend !== true) ? [name] : [];
      }),
    );
    return active.flat();
  }

  /** What the Ingresses of a cluster say under an annotation, each once. */
  async function annotated({ kubernetes }: Cluster, annotation: string): Promise<string[]> {
    const { items } = await kubernetes.networking.listNamespacedIngress({ namespace });
    const values = items.flatMap(({ metadata }) => metadata?.annotations?.[annotation] ?? []);
    return [...new Set(values)].sort();
  }

  it("is refused to the first stack itself, in a preview and in an update, and neither cluster is touched", async () => {
    const files = ["config/stacks.ts", "Pulumi.prod.yaml"].map((file) => path.join(first.folder, file));
    const look = () => Promise.all([hubProd, hubGreen].map(({ kubernetes }) => identities(kubernetes, namespace)));
    const before = await look();
    const known = objectsOf(await first.stateResources());
    for (const file of files) await edit(file, /(?<=(prod|name): "?)hub-prod/, "hub-green");
    for (const { code, stdout, stderr } of [await first.preview(), await first.up()]) {
      assert.notEqual(code, 0);
      const said = stdout + stderr;
      const means = `are on ${clusterArns}/hub-prod, and its configuration now means ${clusterArns}/hub-green`;
      assert.ok(said.includes(`the objects of stack prod ${means}`), said);
      assert.ok(said.includes("set up a second stack beside this one: docs/move-cluster.md"), said);
      assert.doesNotMatch(said, /^\s+at .*:\d+:\d+/m, "shows a stack trace");
    }
    for (const file of files) await edit(file, /(?<=(prod|name): "?)hub-green/, "hub-prod");
    assert.deepEqual(await look(), before);
    assert.deepEqual(objectsOf(await first.stateResources()), known);
  });

  it("has a second stack come up on standby beside the first, with load balancers of its own", async () => {
    const before = await identities(hubProd.kubernetes, namespace);
    await follow(
      first,
      "ds pulumi prod-hub-green -- stack init prod-hub-green --copy-config-from prod --no-select ...",
    );
    const set = "ds pulumi prod-hub-green -- config set";
    await follow(second, `${set} --path 'datasets-server:stacks[0]' prod-CLUSTER`);
    await follow(second, `${set} --path datasets-server:cluster.name hub-green`);
    const loadBalancers = { public: "datasets-server-prod-hub-green", internal: "ds-prod-hub-green-int" };
    for (const [endpoint, name] of Object.entries(loadBalancers)) {
      await follow(second, `${set} --path datasets-server:ingress.${endpoint}.loadBalancer.name ${name}`);
    }
    await follow(second, `${set} --path datasets-server:ingress.internal.externalDns false`);
    await follow(second, `${set} --type bool datasets-server:standby true`);
    await follow(second, "ds pulumi prod-hub-green -- up");
    await settledPods(hubGreen.kubernetes, namespace);
    assert.deepEqual(await annotated(hubGreen, nameAnnotation), Object.values(loadBalancers));
    assert.deepEqual(await annotated(hubProd, nameAnnotation), ["datasets-server-prod", "datasets-server-prod-int"]);
    assert.deepEqual(await identities(hubProd.kubernetes, namespace), before);
    assert.deepEqual(await scheduling(), ["hubProd"]);
  });

  it("has scheduled jobs start, and the internal host announced, by the first, by none, and by the second", async () => {
    const host = ["internal.datasets-server.huggingface.co"];
    const look = async () => ({
      scheduling: await scheduling(),
      announced: await Promise.all([hubProd, hubGreen].map((cluster) => annotated(cluster, hostAnnotation))),
    });
    const externalDns = "--path datasets-server:ingress.internal.externalDns";
    const standBy = "--type bool datasets-server:standby";
    assert.deepEqual(await look(), { scheduling: ["hubProd"], announced: [host, []] });
    await follow(first, `ds pulumi prod -- config set ${externalDns} false`);
    await follow(first, `ds pulumi prod -- config set ${standBy} true`);
    await follow(first, "DATASETS_SERVER_ALLOW=LoadBalancer/datasets-server-prod-int ds pulumi prod -- up");
    assert.deepEqual(await look(), { scheduling: [], announced: [[], []] });
    await follow(second, `ds pulumi prod-hub-green -- config set ${externalDns} true`);
    await follow(second, `ds pulumi prod-hub-green -- config set ${standBy} false`);
    await follow(second, "ds pulumi prod-hub-green -- up");
    assert.deepEqual(await look(), { scheduling: ["hubGreen"], announced: [[], host] });
  });

  it("leaves the second stack, and what others have on the first cluster, alone when the first is destroyed", async () => {
    const before = await identities(hubGreen.kubernetes, namespace);
    await follow(first, "DATASETS_SERVER_ALLOW=Stack/prod ds pulumi prod -- destroy --run-program");
    await follow(first, "ds pulumi prod -- stack rm --yes --preserve-config");
    assert.deepEqual(await identities(hubProd.kubernetes, namespace), foreign);
    assert.deepEqual(await identities(hubGreen.kubernetes, namespace), before);
  });
});
