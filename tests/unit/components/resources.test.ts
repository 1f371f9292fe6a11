import * as assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { buildObjects, type DatasetsServerObjects } from "../../../components/buildObjects";
import { built, register } from "../../../components/objects";
import { MongoDb } from "../../../components/workloads/mongodb";
import { WebService } from "../../../components/workloads/webService";
import { WorkerPool } from "../../../components/workloads/workerPool";
import { stackRun } from "../../support/stackRuns";

type Children = ReadonlyMap<string, pulumi.ResourceOptions>;

describe("a component resource, alone", () => {
  let objects: DatasetsServerObjects;
  let children: Map<string, pulumi.ResourceOptions>;
  let namespace: pulumi.Resource;
  let migration: pulumi.Resource;

  before(async () => {
    objects = buildObjects((await stackRun("local")).config.datasetsServer);
  });

  beforeEach(async () => {
    children = new Map();
    await pulumi.runtime.setMocks({
      call: () => ({}),
      // The API server gives each object an identity of its own.
      newResource: ({ name, inputs }) => ({
        id: name,
        state: { ...inputs, metadata: { ...inputs.metadata, uid: `uid of ${name}` } },
      }),
    });
    namespace = configMap("namespace");
    migration = configMap("migration");
  });

  /** The options that notice each child with its own options. */
  function noticing(dependsOn: pulumi.Resource[]): pulumi.ComponentResourceOptions {
    const notice: pulumi.ResourceTransformation = ({ type, name, opts }) => {
      children.set(`${type.split(":").at(-1)} ${name}`, opts);
      return undefined;
    };
    return { dependsOn, transformations: [notice] };
  }

  it("of a web service has its pods start after the migration, and all else after the namespace", async () => {
    const api = objects.webServices.api ?? assert.fail("there is no service api");
    const service = new WebService("api", { objects: api, startAfter: [migration] }, noticing([namespace]));
    await pulumi.runtime.disconnect();
    assert.deepEqual(
      [...children.keys()],
      [
        "WebService api",
        "Deployment datasets-server-local-api",
        "Service datasets-server-local-api",
        "PodDisruptionBudget datasets-server-local-api",
        "Ingress datasets-server-local-api",
        "Ingress datasets-server-local-api-internal",
        "ServiceMonitor datasets-server-local-api",
      ],
    );
    assert.deepEqual(waitsOf(children, "Deployment datasets-server-local-api"), [namespace, migration]);
    assert.deepEqual(waitsOf(children, "Service datasets-server-local-api"), [namespace]);
    assert.ok(
      [...children].every(([name, { parent }]) => name.startsWith("WebService") || parent === service),
      "a child has another parent",
    );
    assert.equal(await value(service.deployment.metadata.name), "datasets-server-local-api");
    assert.equal(await value(service.service.metadata.name), "datasets-server-local-api");
    assert.equal(service.ingresses.length, 2);
  });

  it("of a worker pool has an autoscaler where its number of pods follows the queue, and none elsewhere", async () => {
    const { "worker-heavy": heavy, "worker-light": light } = objects.workerPools;
    assert.ok(heavy && light);
    const scaled = new WorkerPool("heavy", { objects: heavy, startAfter: [migration] }, noticing([namespace]));
    const fixed = new WorkerPool("light", { objects: light }, noticing([namespace]));
    await pulumi.runtime.disconnect();
    assert.ok(scaled.autoscaler);
    assert.equal(fixed.autoscaler, undefined);
    assert.deepEqual(waitsOf(children, "Deployment datasets-server-local-worker-heavy"), [namespace, migration]);
    assert.deepEqual(waitsOf(children, "Deployment datasets-server-local-worker-light"), [namespace]);
  });

  it("of a MongoDB has its server wait for its address, and its initiation for its server", async () => {
    const mongodb = new MongoDb("mongodb", objects.mongodb ?? assert.fail("there is none"), noticing([namespace]));
    await pulumi.runtime.disconnect();
    assert.deepEqual(waitsOf(children, "Service datasets-server-local-mongodb"), [namespace]);
    assert.deepEqual(waitsOf(children, "StatefulSet datasets-server-local-mongodb"), [mongodb.claim, mongodb.service]);
    assert.deepEqual(waitsOf(children, "PersistentVolumeClaim datasets-server-local-mongodb"), [namespace]);
    assert.deepEqual(waitsOf(children, "Job datasets-server-local-mongodb-initiation"), [mongodb.statefulSet]);
    const { ignoreChanges, replacementTrigger } = children.get("Job datasets-server-local-mongodb-initiation") ?? {};
    assert.deepEqual(ignoreChanges, ["spec"]);
    assert.equal(await value(pulumi.output(replacementTrigger)), "uid of datasets-server-local-mongodb");
  });
});

function configMap(name: string): pulumi.Resource {
  return register(built("ConfigMap", { metadata: { name, namespace: "here", labels: {}, annotations: {} } }), {});
}

function waitsOf(children: Children, child: string): readonly unknown[] {
  const { dependsOn = [] } = children.get(child) ?? assert.fail(`${child} is not registered`);
  return Array.isArray(dependsOn) ? dependsOn : [dependsOn];
}

function value<T>(output: pulumi.Output<T>): Promise<T> {
  return new Promise((resolve) => {
    output.apply(resolve);
  });
}
