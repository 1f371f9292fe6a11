import assert from "node:assert/strict";
import fs from "node:fs/promises";
import path from "node:path";
import { parseDocument } from "yaml";
import { serviceNames } from "../../catalog/services";
import type { RunResult } from "../../tools/run";
import { type Cluster, newCluster } from "../support/e2e/cluster";
import type { Engine } from "../support/e2e/engine";
import { objectsOf } from "../support/e2e/kubernetes";
import { previewPlan } from "../support/e2e/plan";
import { identities, settledPods } from "../support/e2e/workloads";
import { localClusterVariables, newEngine, suiteFolder } from "../support/e2e/world";

const namespace = "datasets-server";

describe("the whole system", () => {
  let cluster: Cluster;

  before(async () => {
    cluster = await newCluster(await suiteFolder("whole-system-cluster"), "fast");
  });
  after(() => cluster.stop());

  describe("as stack local with a pull request's beside it", () => {
    const pullRequestNamespace = "datasets-server-pr-7";
    const pullRequestFile = ["--config-file", "Pulumi.local.yaml"];
    let local: Engine;
    let pullRequest: Engine;

    before(async () => {
      local = await newEngine("local", await suiteFolder("whole-system"), localClusterVariables(cluster));
      pullRequest = local.forStack("pr-7");
      await pullRequest.init();
    });

    it("comes up twice at once, each in its own namespace with every pod ready", async () => {
      const updates = await Promise.all([local.up(), pullRequest.up(...pullRequestFile)]);
      updates.forEach(succeeded);
      for (const own of [namespace, pullRequestNamespace]) {
        const pods = await settledPods(cluster.kubernetes, own);
        assert.ok(pods.length > serviceNames.length, `only ${pods.length} pods`);
      }
      const elsewhere = objectsOf(await pullRequest.stateResources()).filter(
        ({ kind, metadata }) => kind !== "Namespace" && metadata.namespace !== pullRequestNamespace,
      );
      assert.deepEqual(elsewhere, []);
      succeeded(await pullRequest.preview("--expect-no-changes", "--diff", ...pullRequestFile));
    });

    it("leaves stack local as it is and nothing of the pull request when that is destroyed", async () => {
      const before = await identities(cluster.kubernetes, namespace);
      succeeded(await pullRequest.destroy(...pullRequestFile));
      assert.deepEqual(await pullRequest.stateResources(), []);
      const namespaces = (await cluster.kubernetes.core.listNamespace()).items.map(({ metadata }) => metadata?.name);
      assert.ok(namespaces.includes(namespace) && !namespaces.includes(pullRequestNamespace), namespaces.join(" "));
      assert.deepEqual(await identities(cluster.kubernetes, namespace), before);
      succeeded(await local.preview("--expect-no-changes", "--diff"));
    });

    describe("grows", () => {
      let originals: ReadonlyMap<string, string>;

      before(async () => {
        const files = ["catalog/services.ts", "Pulumi.local.yaml"].map((file) => path.join(local.folder, file));
        originals = new Map(
          await Promise.all(files.map(async (file) => [file, await fs.readFile(file, "utf8")] as const)),
        );
      });
      afterEach(async () => {
        for (const [file, text] of originals) await fs.writeFile(file, text);
      });

      it("by a service with one row and its config, in one stack file", async () => {
        await addService(local, "croissant");
        await copySizes(local, "services", "admin", "croissant");
        const name = "datasets-server-local-croissant";
        assert.deepEqual(await previewPlan(local), {
          create: [
            `Deployment ${name}`,
            `Ingress ${name}`,
            `Ingress ${name}-internal`,
            `PodDisruptionBudget ${name}`,
            `Service ${name}`,
            `ServiceMonitor ${name}`,
            `WebService ${name}`,
          ],
          // They list whom the load balancers and Prometheus may reach, and how many pods there are to be.
          update: [
            "NetworkPolicy datasets-server-local-network-metrics",
            "NetworkPolicy datasets-server-local-network-web-services",
            "PrometheusRule datasets-server-local-alerts",
          ],
        });
      });

      it("by a worker pool with its sizes alone", async () => {
        await copySizes(local, "workers", "heavy", "huge");
        const name = "datasets-server-local-worker-huge";
        assert.deepEqual(await previewPlan(local), {
          create: [
            `Deployment ${name}`,
            `HorizontalPodAutoscaler ${name}`,
            `PodDisruptionBudget ${name}`,
            `PodMonitor ${name}`,
            `WorkerPool ${name}`,
          ],
          update: [
            "NetworkPolicy datasets-server-local-network-metrics",
            "PrometheusRule datasets-server-local-alerts",
          ],
        });
      });
    });
  });
});

function succeeded({ code, stdout, stderr }: RunResult): void {
  assert.equal(code, 0, stdout + stderr);
}

async function edit(file: string, change: (text: string) => string): Promise<void> {
  await fs.writeFile(file, change(await fs.readFile(file, "utf8")));
}

/** Writes what somebody would who adds a service: its name into the list, and its row at the end of the table. */
async function addService({ folder }: Engine, name: string): Promise<void> {
  const row = `  ${name}: {
    variablePrefix: "API",
    package: "${name}",
    variables: [...serving, "numba"],
    healthPath: "/healthcheck",
    metricsPath: "/metrics",
    startupSeconds: 120,
    surge: noneMissing,
    routeOrder: ${serviceNames.length},
    routes: prefixes("/${name}"),
    publicRoutes: [],
  },`;
  await edit(path.join(folder, "catalog/services.ts"), (text) =>
    text.replace("] as const;", `, "${name}"] as const;`).replace("\n};\n", `\n${row}\n};\n`),
  );
}

/** Gives a new row of a table in the stack file the sizes of another one. */
async function copySizes({ folder, stack }: Engine, table: string, from: string, to: string): Promise<void> {
  await edit(path.join(folder, `Pulumi.${stack}.yaml`), (text) => {
    const file = parseDocument(text);
    const rows = ["config", `datasets-server:${table}`];
    file.setIn([...rows, to], file.getIn([...rows, from]));
    return file.toString();
  });
}
