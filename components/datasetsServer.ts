import * as pulumi from "@pulumi/pulumi";
import { objectName, type Scope } from "../catalog/names";
import type { DatasetsServerObjects } from "./buildObjects";
import { childOptions, register } from "./objects";
import { MongoDb, onceFor } from "./workloads/mongodb";
import { WebService } from "./workloads/webService";
import { WorkerPool } from "./workloads/workerPool";

export interface DatasetsServerResources {
  readonly scope: Scope;
  /** What buildObjects has built. */
  readonly objects: DatasetsServerObjects;
  /** Where the public reaches it. */
  readonly url: string;
  /** The image of each program that runs. */
  readonly images: Readonly<Record<string, string>>;
}

/** The whole datasets-server in one namespace of one cluster. */
export class DatasetsServer extends pulumi.ComponentResource {
  readonly webServices: readonly WebService[];
  readonly workerPools: readonly WorkerPool[];
  readonly url: string;
  readonly images: Readonly<Record<string, string>>;

  constructor(name: string, args: DatasetsServerResources, opts: pulumi.ComponentResourceOptions = {}) {
    super("datasets-server:components:DatasetsServer", name, {}, opts);
    const { scope, objects } = args;
    const child = childOptions(this, opts);
    const namespace = objects.namespace ? [register(objects.namespace, child)] : [];
    const inNamespace = pulumi.mergeOptions(child, { dependsOn: namespace });
    const foundation = [...namespace, ...objects.foundation.map((object) => register(object, inNamespace))];
    for (const policy of objects.networkPolicies) {
      register(policy, inNamespace);
    }

    const afterFoundation = pulumi.mergeOptions(child, { dependsOn: foundation });
    const mongodb = objects.mongodb && new MongoDb(objectName(scope, "mongodb"), objects.mongodb, afterFoundation);
    const database = mongodb ? [mongodb.initiation] : foundation;
    const afterDatabase = pulumi.mergeOptions(afterFoundation, {
      dependsOn: database,
      ...(mongodb && onceFor(mongodb.claim)),
    });
    // The migration itself waits for all that is shared, so what waits for it waits for that too.
    const startAfter = objects.migration ? [register(objects.migration, afterDatabase)] : database;

    this.webServices = Object.entries(objects.webServices).map(
      ([component, built]) => new WebService(objectName(scope, component), { objects: built, startAfter }, inNamespace),
    );
    this.workerPools = Object.entries(objects.workerPools).map(
      ([component, built]) => new WorkerPool(objectName(scope, component), { objects: built, startAfter }, inNamespace),
    );
    for (const job of objects.scheduledJobs) {
      register(job, pulumi.mergeOptions(child, { dependsOn: startAfter }));
    }
    if (objects.alerts) {
      register(objects.alerts, inNamespace);
    }

    this.url = args.url;
    this.images = args.images;
    this.registerOutputs({ url: this.url, images: this.images });
  }
}
