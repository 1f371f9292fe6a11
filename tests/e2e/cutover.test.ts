import assert from "node:assert/strict";
import path from "node:path";
import type { KubernetesObject } from "@kubernetes/client-node";
import { stackLabel } from "../../catalog/names";
import type { RunResult } from "../../tools/run";
import { assertNeverBelow, watchAvailability } from "../support/e2e/availability";
import { inAccount } from "../support/e2e/awsAccount";
import { podsOf, secretsOfOthers } from "../support/e2e/chart";
import {
  chartObjectsOfNoStack,
  chartUids,
  containerNames,
  installChart,
  kindsOfOurs,
  namespace,
  podsBehind,
  podTemplates,
  podUids,
  scaled,
} from "../support/e2e/chartObjects";
import { documentedCommands } from "../support/e2e/document";
import { deployRole, type Eks, startEks } from "../support/e2e/eks";
import type { Engine } from "../support/e2e/engine";
import { type Kubernetes, objectsOf } from "../support/e2e/kubernetes";
import { setEverySecret } from "../support/e2e/secrets";
import { scaleDown, setStackFile } from "../support/e2e/stackFile";
import { identities, settledPods } from "../support/e2e/workloads";
import { localClusterVariables, newEngine, suiteFolder } from "../support/e2e/world";

/** The chart's objects that this program has none for. */
const leftOver = [
  "infisicalsecret.secrets.infisical.com/prod-datasets-server-infisical-secret",
  "job.batch/prod-datasets-server-job-mongodb-migration",
];

describe("moving production from the Helm chart, by the commands of docs/cutover.md", () => {
  let eks: Eks;
  let kubernetes: Kubernetes;
  let engine: Engine;
  let stackFile: string;

  before(async () => {
    eks = await startEks("hub-prod", "fast");
    kubernetes = eks.cluster.kubernetes;
    const bare = await newEngine("prod", await suiteFolder("cutover"), localClusterVariables(eks.cluster));
    engine = await inAccount(bare, eks.aws, deployRole("hub-prod"));
    stackFile = path.join(engine.folder, "Pulumi.prod.yaml");
    await setEverySecret(engine);
    await scaleDown(stackFile);
    await installChart(engine, kubernetes);
    await engine.script(commands("First"));
  });
  after(() => eks.stop());

  describe("in place", () => {
    let chart: Readonly<Record<string, string>>;
    let pods: readonly string[];
    let uids: readonly string[];

    after(() => setStackFile(stackFile, (set) => set(["helm"], undefined)));
    before(async () => {
      chart = await podTemplates(kubernetes);
      uids = await chartUids(engine);
      pods = await podUids(kubernetes);
    });

    it("is refused without the permission, and touches nothing", async () => {
      const [configure] = documentedCommands("cutover.md", "In place, step 1: adopt");
      await engine.script(configure ?? "");
      const before = await identities(kubernetes, namespace);
      const { code, stdout, stderr } = await engine.up();
      assert.notEqual(code, 0);
      assert.match(
        stdout + stderr,
        /Deployment prod-datasets-server-admin and 49 more of Helm release prod in namespace datasets-server are not stack prod's; no changes were made/,
      );
      assert.deepEqual(await identities(kubernetes, namespace), before);
    });

    it("adopts 50 of the chart's 52 objects without a restart: the same objects, the same pods", async () => {
      const [, adopt] = documentedCommands("cutover.md", "In place, step 1: adopt");
      await engine.script(unattended(adopt ?? "", { preview: true }));
      assert.deepEqual(await chartUids(engine), uids);
      assert.deepEqual(await podUids(kubernetes), pods);
      assert.deepEqual(await podTemplates(kubernetes), chart);
      assert.deepEqual(await chartObjectsOfNoStack(engine), leftOver);
    });

    it("rolls the same objects to our templates by the next update, never with fewer pods than there are to be", async () => {
      await neverFewerApiPods(kubernetes, async () => {
        await engine.script(commands("In place, step 2: roll to our templates"));
        await settledPods(kubernetes, namespace);
      });
      assert.deepEqual(await chartUids(engine), uids);
      const own = Object.keys(chart).map((name) => [name, [name.replace("prod-datasets-server-", "")]]);
      assert.deepEqual(await containerNames(kubernetes), Object.fromEntries(own));
      const { spec } = await kubernetes.apps.readNamespacedDeployment({ namespace, name: scaled.name });
      assert.equal(spec?.replicas, scaled.pods);
      succeeded(await engine.preview("--expect-no-changes", "--diff"));
    });

    it("leaves of the chart what the document has removed, and no more", async () => {
      const dryRun = commands("In place, step 3: remove what is left").replaceAll(
        "kubectl delete ",
        "kubectl delete --dry-run=server --output name ",
      );
      const { stdout } = await engine.script(dryRun);
      const names = secretsOfOthers.map(({ metadata }) => `secret/${metadata.name}`);
      assert.deepEqual(stdout.trim().split("\n"), [...leftOver, ...names]);
      assert.deepEqual(await chartObjectsOfNoStack(engine), leftOver);
    });

    it("has a way back to the chart's own pods, and leaves nothing of ours", async () => {
      await neverFewerApiPods(kubernetes, async () => {
        await engine.script(commands("In place: the way back"));
        await settledPods(kubernetes, namespace);
      });
      assert.deepEqual(await engine.stateResources(), []);
      assert.deepEqual(await podTemplates(kubernetes), chart);
      const { stdout } = await engine.shell(`kubectl get ${kindsOfOurs} --output name --selector ${stackLabel}`);
      assert.equal(stdout, "");
    });
  });

  describe("beside", () => {
    let chart: readonly string[];

    before(async () => {
      await settledPods(kubernetes, namespace);
      chart = await identities(kubernetes, namespace);
    });

    it("comes up next to the chart's objects, which stay as they are", async () => {
      await engine.script(commands("Beside, step 1: come up"));
      await settledPods(kubernetes, namespace);
      const now = await identities(kubernetes, namespace);
      assert.deepEqual(
        chart.filter((identity) => !now.includes(identity)),
        [],
      );
      const ours = objectsOf(await engine.stateResources()).map(({ kind }) => kind);
      assert.deepEqual(
        ours.filter((kind) => ["Job", "PodMonitor", "ServiceMonitor"].includes(kind)),
        [],
      );
    });

    it("shares no load balancer and no pod with the chart", async () => {
      const { items } = await kubernetes.networking.listNamespacedIngress({ namespace });
      for (const key of ["group.name", "load-balancer-name"]) {
        const values = (isOurs: boolean) =>
          items
            .filter((ingress) => isStacks(ingress) === isOurs)
            .map(({ metadata }) => metadata?.annotations?.[`alb.ingress.kubernetes.io/${key}`] ?? "");
        assert.deepEqual([new Set(values(true)).size, new Set(values(false)).size], [2, 2]);
        assert.ok(values(true).every((value) => !values(false).includes(value)));
      }
      for (const [service, names] of Object.entries(await podsBehind(kubernetes))) {
        assert.equal(names.length, podsOf(service.replace(/^.*datasets-server-(prod-)?/, "")), service);
        assert.ok(
          names.every((name) => name.startsWith(`${service}-`)),
          `${service} sends to ${names.join(", ")}`,
        );
      }
    });

    it("moves what runs once, the scheduled jobs and the migration", async () => {
      await engine.script(commands("Beside, step 3: move what runs once"));
      const { items } = await kubernetes.objects.list("batch/v1", "CronJob", namespace);
      const running = items.filter((object) => "spec" in object && Object(object.spec).suspend === false);
      assert.deepEqual(
        running.map(({ metadata }) => metadata?.name).sort(),
        items
          .filter(isStacks)
          .map(({ metadata }) => metadata?.name)
          .sort(),
      );
      assert.equal(running.length, 5);
      const migrations = objectsOf(await engine.stateResources()).filter(({ kind }) => kind === "Job");
      assert.deepEqual(
        migrations.map(({ metadata }) => metadata.name),
        ["datasets-server-prod-mongodb-migration-59db084"],
      );
    });

    it("stays as it is when the chart's objects are removed", async () => {
      const ours = (await identities(kubernetes, namespace)).filter((identity) => identity.includes("-server-prod"));
      await engine.script(commands("Beside, step 4: remove the chart"));
      await settledPods(kubernetes, namespace);
      const left = await identities(kubernetes, namespace);
      const theirs = left.filter((identity) => identity.includes(" prod-datasets-server"));
      assert.deepEqual(
        theirs.map((identity) => identity.split(" ").slice(0, 2).join(" ")),
        ["Secret prod-datasets-server-secs"],
      );
      assert.deepEqual(
        ours.filter((identity) => !left.includes(identity)),
        [],
      );
    });
  });
});

/** All commands of a section of the document, with nobody there to answer. */
function commands(heading: string): string {
  return unattended(documentedCommands("cutover.md", heading).join("\n"));
}

function unattended(script: string, { preview = false } = {}): string {
  return script.replaceAll(" -- up", ` -- up --yes${preview ? "" : " --skip-preview"}`);
}

async function neverFewerApiPods(kubernetes: Kubernetes, action: () => Promise<unknown>): Promise<void> {
  const service = "prod-datasets-server-api";
  const seen = await watchAvailability(kubernetes, { namespace, services: [service] }, action);
  assertNeverBelow({ [service]: podsOf("api") }, seen);
}

function isStacks({ metadata }: KubernetesObject): boolean {
  return metadata?.labels?.[stackLabel] === "prod";
}

function succeeded({ code, stdout, stderr }: RunResult): void {
  assert.equal(code, 0, stdout + stderr);
}
