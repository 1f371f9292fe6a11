import { createHash } from "node:crypto";
import type { StatefulSet } from "@pulumi/kubernetes/apps/v1";
import type { Job } from "@pulumi/kubernetes/batch/v1";
import type { PersistentVolumeClaim, Service } from "@pulumi/kubernetes/core/v1";
import * as pulumi from "@pulumi/pulumi";
import { metadata, objectName, type Scope, selectorLabels } from "../../catalog/names";
import { mongoDbPort } from "../../catalog/ports";
import type { Resources } from "../../catalog/quantity";
import { type BuiltObject, built, childOptions, register } from "../objects";
import { type ContainerArgs, podTemplate } from "./podTemplate";
import { scratchVolume, type VolumeUse, writableHome } from "./volumes";

/** What a stack file configures of a MongoDB of the stack's own. */
export interface MongoDbConfig {
  /** The official image, by digest on EKS. */
  readonly image: string;
  readonly resources: Resources;
  /** Size of its data, such as 8Gi. */
  readonly storage: string;
  /** Default: the cluster's own default class. */
  readonly storageClass?: string;
}

export interface MongoDbArgs {
  readonly scope: Scope;
  readonly serviceAccount: string;
  readonly config: MongoDbConfig;
  /** Whether its data outlive a change that would delete them. */
  readonly keep: boolean;
}

const component = "mongodb";

/** The user and group of the official image. */
const user = { id: 999, group: 999, ownsVolumes: true };

const replicaSet = "rs0";

/** The objects of a stack's own MongoDB. */
export interface MongoDbObjects {
  readonly claim: BuiltObject<"PersistentVolumeClaim">;
  readonly service: BuiltObject<"Service">;
  readonly statefulSet: BuiltObject<"StatefulSet">;
  readonly initiation: BuiltObject<"Job">;
}

/**
 * Builds a MongoDB of the stack's own, for stacks that have no external one.
 *
 * A replica set of one member: the application follows change streams, which a standalone server does not have.
 */
export function buildMongoDb(args: MongoDbArgs): MongoDbObjects {
  return {
    claim: dataClaim(args),
    service: headlessService(args.scope),
    statefulSet: statefulSet(args),
    initiation: initiation(args),
  };
}

/** A stack's own MongoDB. */
export class MongoDb extends pulumi.ComponentResource {
  /** Holds its data: another claim is another, empty database. */
  readonly claim: PersistentVolumeClaim;
  readonly service: Service;
  readonly statefulSet: StatefulSet;
  /** Has ended well when the replica set answers; what uses the database waits for it. */
  readonly initiation: Job;

  constructor(name: string, objects: MongoDbObjects, opts: pulumi.ComponentResourceOptions = {}) {
    super("datasets-server:components:MongoDb", name, {}, opts);
    this.claim = register(objects.claim, childOptions(this, opts));
    this.service = register(objects.service, childOptions(this, opts));
    this.statefulSet = register(objects.statefulSet, { parent: this, dependsOn: [this.claim, this.service] });
    this.initiation = register(objects.initiation, {
      parent: this,
      dependsOn: [this.statefulSet],
      ...onceFor(this.claim),
    });
    this.registerOutputs({
      claim: this.claim.metadata.name,
      service: this.service.metadata.name,
      statefulSet: this.statefulSet.metadata.name,
      initiation: this.initiation.metadata.name,
    });
  }
}

/** Returns the options of a Job that runs once for a database, and so again when its data are in another claim. */
export function onceFor({ metadata }: PersistentVolumeClaim): pulumi.CustomResourceOptions {
  // It keeps its name: Pulumi would otherwise apply the new one over the old, and then delete that.
  return { replacementTrigger: metadata.uid, deleteBeforeReplace: true };
}

/**
 * The name of the claim of its data. A claim's class cannot change, so one of another class has another name: the new claim is
 * there before the pod that needs it, and the old one goes when no pod has it.
 */
function claimName(scope: Scope, { storageClass = "" }: MongoDbConfig): string {
  const hash = createHash("sha256").update(storageClass).digest("hex").slice(0, 10);
  return objectName(scope, `${component}-${hash}`);
}

/** A claim of its own, and none by template: the size of those in a StatefulSet's template cannot change. */
function dataClaim({ scope, config, keep }: MongoDbArgs): BuiltObject<"PersistentVolumeClaim"> {
  const { storage, storageClass } = config;
  return built(
    "PersistentVolumeClaim",
    {
      metadata: metadata(scope, component, { name: claimName(scope, config) }),
      spec: {
        accessModes: ["ReadWriteOnce"],
        ...(storageClass && { storageClassName: storageClass }),
        resources: { requests: { storage } },
      },
    },
    { id: objectName(scope, component), protect: keep },
  );
}

/** The host of its only member. */
function memberHost(scope: Scope): string {
  const name = objectName(scope, component);
  return `${name}-0.${name}.${scope.namespace}.svc.cluster.local`;
}

/** Where the stack's pods reach it. */
export function mongoDbUrl(scope: Scope): string {
  return `mongodb://${memberHost(scope)}:${mongoDbPort}/?replicaSet=${replicaSet}`;
}

function headlessService(scope: Scope): BuiltObject<"Service"> {
  return built("Service", {
    metadata: metadata(scope, component, {
      // Its members find each other before they are ready, so waiting for ready ones would take forever.
      annotations: { "pulumi.com/skipAwait": "true" },
    }),
    spec: {
      clusterIP: "None",
      publishNotReadyAddresses: true,
      selector: selectorLabels(scope, component),
      ports: [{ name: "mongodb", port: mongoDbPort, targetPort: "mongodb", protocol: "TCP" }],
    },
  });
}

function statefulSet(args: MongoDbArgs): BuiltObject<"StatefulSet"> {
  const { scope, config } = args;
  const data = { persistentVolumeClaim: { claimName: claimName(scope, config) } };
  return built("StatefulSet", {
    metadata: metadata(scope, component),
    spec: {
      replicas: 1,
      serviceName: objectName(scope, component),
      selector: { matchLabels: selectorLabels(scope, component) },
      template: podTemplate({
        scope,
        component,
        serviceAccount: args.serviceAccount,
        user,
        terminationGracePeriodSeconds: 60,
        container: serverContainer(config),
        volumes: [...scratch, { name: "data", source: data, mountPath: "/data/db" }],
      }),
    },
  });
}

const scratch: readonly VolumeUse[] = [
  scratchVolume("scratch", "/tmp", "256Mi"),
  scratchVolume("config", "/data/configdb", "16Mi"),
];

function serverContainer({ image, resources }: MongoDbConfig): ContainerArgs {
  const answers = {
    exec: { command: ["mongosh", "--quiet", "--eval", "db.adminCommand('ping')"] },
    timeoutSeconds: 10,
  };
  return {
    name: component,
    image,
    command: ["mongod", "--replSet", replicaSet, "--bind_ip_all"],
    resources,
    port: { name: "mongodb", containerPort: mongoDbPort },
    probes: {
      startupProbe: { ...answers, periodSeconds: 5, failureThreshold: 24 },
      readinessProbe: { ...answers, periodSeconds: 10, failureThreshold: 3 },
      livenessProbe: { ...answers, periodSeconds: 30, failureThreshold: 6 },
    },
  };
}

/** Makes the server a replica set of one, unless it is one already, and waits until it may be written to. */
function initiation(args: MongoDbArgs): BuiltObject<"Job"> {
  const { scope } = args;
  const { image, resources } = args.config;
  const host = memberHost(scope);
  const script = [
    `try { rs.status() } catch { rs.initiate({ _id: "${replicaSet}", members: [{ _id: 0, host: "${host}:${mongoDbPort}" }] }) }`,
    "while (!db.hello().isWritablePrimary) { sleep(500) }",
  ].join("; ");
  return built(
    "Job",
    {
      metadata: metadata(scope, `${component}-initiation`, { annotations: { "pulumi.com/replaceUnready": "true" } }),
      spec: {
        backoffLimit: 3,
        activeDeadlineSeconds: 300,
        template: podTemplate({
          scope,
          component: `${component}-initiation`,
          serviceAccount: args.serviceAccount,
          user,
          restartPolicy: "Never",
          container: {
            name: "initiation",
            image,
            command: [
              "mongosh",
              "--quiet",
              `mongodb://${host}:${mongoDbPort}/?directConnection=true`,
              "--eval",
              script,
            ],
            resources,
            env: [writableHome],
          },
          volumes: [scratchVolume("scratch", "/tmp", "256Mi")],
        }),
      },
    },
    { ignoreChanges: ["spec"] },
  );
}
