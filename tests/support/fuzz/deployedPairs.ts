import assert from "node:assert/strict";
import fs from "node:fs/promises";
import path from "node:path";
import { isDeepStrictEqual } from "node:util";
import { parseDocument } from "yaml";
import { parseQuantity } from "../../../catalog/quantity";
import { secretMarker } from "../../../catalog/secrets";
import { serviceNames, services } from "../../../catalog/services";
import { workerSurge } from "../../../catalog/workers";
import type { KubernetesObject } from "../../../cli/lib/objects";
import { asServed } from "../../../cluster/liveObjects";
import { checksumMarker } from "../../../components/objects";
import { effectsOf } from "../../../safety/effects";
import { leastReady, watchAvailability } from "../e2e/availability";
import { edit } from "../e2e/checkout";
import type { Cluster } from "../e2e/cluster";
import type { Engine } from "../e2e/engine";
import { find, type Kubernetes, rolledOut } from "../e2e/kubernetes";
import { localClusterVariables, newEngine, suiteFolder } from "../e2e/world";
import { type Deployable, deployables, variedKeys } from "./pairs";

const namespace = "datasets-server";

/** How often an autoscaler looks; milliseconds. */
const autoscalerTurnMs = 15_000;

/** How a pair ended: deployed, or refused as no update can do it. */
type PairEnd = "deployed" | "refused";

/**
 * Deploys so many pairs of stack files, each after the one before, on an empty cluster.
 *
 * @throws for a pair that breaks what must hold: what it was, and how to repeat it.
 */
export async function deployPairs(
  cluster: Cluster,
  { count, seed }: { readonly count: number; readonly seed: number },
): Promise<Record<PairEnd, number>> {
  const [first, ...others] = await deployables({ count: count + 1, seed });
  if (first === undefined) throw new Error("there is no stack file to begin with");
  const ends = { deployed: 0, refused: 0 };
  const run = await PairRun.begin(cluster, await suiteFolder(`pairs-of-${seed}`), first);
  let before = first;
  for (const [index, next] of others.entries()) {
    const end = await run.next(next).catch((error: unknown) => {
      const pair = `pair ${index + 1}, from\n${before.text}\nto\n${next.text}`;
      throw new Error(`${pair}\n${error instanceof Error ? error.message : error}\nRepeat it with SEED=${seed}`);
    });
    ends[end] += 1;
    if (end === "deployed") before = next;
  }
  succeeded(await run.destroy());
  return ends;
}

/** Stack local on a cluster, deployed with one stack file after another. */
class PairRun {
  private constructor(
    private readonly engine: Engine,
    private readonly kubernetes: Kubernetes,
    private deployed: Deployable,
  ) {}

  /** Deploys the first stack file on an empty cluster. */
  static async begin(cluster: Cluster, folder: string, first: Deployable): Promise<PairRun> {
    const engine = await newEngine("local", folder, localClusterVariables(cluster));
    for (const file of ["webService", "workerPool"]) {
      // Pods of a simulated node are ready at once, and hundreds of rollouts would wait for nothing.
      await edit(
        path.join(engine.folder, `components/workloads/${file}.ts`),
        /minReadySeconds = 10/,
        "minReadySeconds = 1",
      );
    }
    const run = new PairRun(engine, cluster.kubernetes, first);
    await run.write(first);
    succeeded(await engine.up());
    return run;
  }

  destroy() {
    return this.engine.destroy();
  }

  /**
   * Deploys the next stack file, and has a look at what came of it.
   *
   * @throws for a Deployment that had fewer pods than its row allows, data that were lost untold, a preview that is not clean
   * afterwards, and objects that are not what the file says.
   */
  async next(deployable: Deployable): Promise<PairEnd> {
    const before = this.deployed;
    const effects = effectsBetween(before.objects, deployable.objects);
    await this.write(deployable);
    if (effects.some(({ way }) => way !== undefined)) {
      const { code, stdout } = await this.engine.preview();
      assert.notEqual(code, 0, `the preview of what no update can do succeeds\n${stdout}`);
      return "refused";
    }
    const told = new Set(effects.map(({ subject }) => subject));
    const uids = await this.dataUids();
    const least = leastOf(before.objects, deployable.objects);
    const seen = await watchAvailability(this.kubernetes, { namespace, apps: [...least.keys()] }, async () => {
      succeeded(await this.engine.up());
      this.deployed = deployable;
    });
    const low = [...least].flatMap(([name, fewest]) => {
      const counts = (seen.get(name) ?? []).map(({ size }) => size);
      return Math.min(...counts) < fewest ? [`${name}: fewer than ${fewest} ready: ${counts.join(", ")}`] : [];
    });
    assert.deepEqual(low, []);
    const after = await this.dataUids();
    const lost = [...uids].filter(([name, uid]) => after.get(name) !== uid && !told.has(name)).map(([name]) => name);
    assert.deepEqual(lost, []);
    succeeded(await this.engine.preview("--expect-no-changes"));
    await this.agrees(deployable.objects);
    return "deployed";
  }

  private async write({ config }: Deployable): Promise<void> {
    const file = path.join(this.engine.folder, "Pulumi.local.yaml");
    const document = parseDocument(await fs.readFile(file, "utf8"));
    for (const key of variedKeys) {
      const place = ["config", `datasets-server:${key}`];
      if (config[key] === undefined) document.deleteIn(place);
      else document.setIn(place, document.createNode(config[key]));
    }
    // Every text in quotes: another reader could take it for a number.
    await fs.writeFile(file, document.toString({ defaultStringType: "QUOTE_DOUBLE" }));
  }

  /** The identity of each object that holds data, by its kind and name. */
  private async dataUids(): Promise<ReadonlyMap<string, string | undefined>> {
    const { items: claims } = await this.kubernetes.core.listNamespacedPersistentVolumeClaim({ namespace });
    const { items: sets } = await this.kubernetes.apps.listNamespacedStatefulSet({ namespace });
    const named = (kind: string, objects: typeof claims | typeof sets) =>
      objects.map(({ metadata }) => [`${kind}/${metadata?.name}`, metadata?.uid] as const);
    return new Map([...named("PersistentVolumeClaim", claims), ...named("StatefulSet", sets)]);
  }

  /** Throws for an object on the cluster that is not what its stack file says. */
  private async agrees(objects: readonly KubernetesObject[]): Promise<void> {
    const scaled = scaledPools(objects);
    for (const [name, { minReplicas }] of scaled) {
      await eventually(async () => (await this.replicasOf(name)) >= minReplicas);
      await rolledOut(this.kubernetes, namespace, name);
    }
    const faults = await Promise.all(
      // A Secret is not shown, and a Job ran as it was made.
      objects
        .filter(({ kind }) => !["Secret", "Job", "PrometheusRule"].includes(kind))
        .map(async (object) => {
          const { apiVersion, kind, metadata } = object;
          const live = await find(this.kubernetes, {
            apiVersion: String(apiVersion),
            kind,
            metadata: { name: metadata.name, namespace: kind === "Namespace" ? "" : namespace },
          });
          const isScaled = kind === "Deployment" && scaled.has(metadata.name);
          const wanted = isScaled ? { ...object, spec: { ...Object(object.spec), replicas: undefined } } : object;
          return differing(wanted, live && asServed(live)).map((field) => `${kind} ${metadata.name}: ${field}`);
        }),
    );
    assert.deepEqual(faults.flat(), []);
  }

  private async replicasOf(name: string): Promise<number> {
    return (await this.kubernetes.apps.readNamespacedDeployment({ namespace, name })).spec?.replicas ?? 0;
  }
}

/** What the change from some objects to others costs, as the product tells it. */
function effectsBetween(before: readonly KubernetesObject[], after: readonly KubernetesObject[]) {
  const byId = (objects: readonly KubernetesObject[]) =>
    new Map(objects.map((object) => [`${object.kind}/${object.metadata.name}`, object]));
  const [old, now] = [byId(before), byId(after)];
  return [...old].flatMap(([id, object]) => {
    const does = now.has(id) ? "update" : "delete";
    return effectsOf({ does, kind: object.kind, name: object.metadata.name, before: object, after: now.get(id) });
  });
}

/** The fewest ready pods that the update may leave of each Deployment that is there before and after. */
function leastOf(before: readonly KubernetesObject[], after: readonly KubernetesObject[]): Map<string, number> {
  const [old, now] = [fewestPods(before), fewestPods(after)];
  return new Map(
    [...old].flatMap(([name, pods]) => {
      const fewer = Math.min(pods, now.get(name) ?? 0);
      const service = serviceNames.find((one) => name.endsWith(`-local-${one}`));
      const surge = service ? services[service].surge : workerSurge;
      return fewer > 0 ? [[name, leastReady(surge, fewer)]] : [];
    }),
  );
}

/** The fewest pods of each Deployment while nothing is wrong: what the file says, or its autoscaler's lowest. */
function fewestPods(objects: readonly KubernetesObject[]): Map<string, number> {
  const deployments = objects.filter(({ kind }) => kind === "Deployment");
  return new Map(deployments.map(({ metadata, spec }) => [metadata.name, Number(Object(spec).replicas)]));
}

function scaledPools(objects: readonly KubernetesObject[]): Map<string, { readonly minReplicas: number }> {
  const scalers = objects.filter(({ kind }) => kind === "HorizontalPodAutoscaler");
  return new Map(
    scalers.map(({ metadata, spec }) => [metadata.name, { minReplicas: Number(Object(spec).minReplicas) }]),
  );
}

/** Waits for an autoscaler to have looked. */
async function eventually(isSo: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 2 * autoscalerTurnMs;
  while (!(await isSo())) {
    assert.ok(Date.now() < deadline, "an autoscaler does not add the pods that it is to have");
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

/** What the copy of the checkout has otherwise, or the provider keeps for itself. */
const ownFields = /^(minReadySeconds|progressDeadlineSeconds|pulumi\.com\/.*)$/;

/** Returns where an object on the cluster has another value than is wanted; what the server adds is its own. */
function differing(wanted: unknown, live: unknown, at = ""): string[] {
  if (wanted === undefined || wanted === secretMarker || wanted === checksumMarker) return [];
  if (Array.isArray(wanted) && Array.isArray(live) && wanted.length === live.length) {
    return wanted.flatMap((item, index) => differing(item, live[index], `${at}[${index}]`));
  }
  if (isMap(wanted) && isMap(live)) {
    return Object.entries(wanted)
      .filter(([key]) => !ownFields.test(key))
      .flatMap(([key, value]) => differing(value, live[key], `${at}.${key}`));
  }
  const isSame =
    isDeepStrictEqual(wanted, live) || (isNothing(wanted) && isNothing(live)) || isSameAmount(wanted, live);
  return isSame ? [] : [`${at} is ${JSON.stringify(live)}, not ${JSON.stringify(wanted)}`];
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The server leaves out what is empty. */
function isNothing(value: unknown): boolean {
  return !value || (typeof value === "object" && Object.keys(value).length === 0);
}

/** The server writes a quantity in its own way: 512Mi for 0.5Gi. */
function isSameAmount(wanted: unknown, live: unknown): boolean {
  const amount = parseQuantity(String(wanted));
  return amount !== undefined && amount === parseQuantity(String(live));
}

function succeeded({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }): void {
  assert.equal(code, 0, stdout + stderr);
}
