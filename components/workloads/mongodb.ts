import type { StatefulSet } from "@pulumi/kubernetes/apps/v1";
import type { Job } from "@pulumi/kubernetes/batch/v1";
import type { Service } from "@pulumi/kubernetes/core/v1";
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
}

const component = "mongodb";

/** The user and group of the official image. */
const user = { id: 999, group: 999, ownsVolumes: true };

const replicaSet = "rs0";

/** The objects of a stack's own MongoDB. */
export interface MongoDbObjects {
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
  return { service: headlessService(args.scope), statefulSet: statefulSet(args), initiation: initiation(args) };
}

/** A stack's own MongoDB. */
export class MongoDb extends pulumi.ComponentResource {
  readonly service: Service;
  readonly statefulSet: StatefulSet;
  /** Has ended well when the replica set answers; what uses the database waits for it. */
  readonly initiation: Job;

  constructor(name: string, objects: MongoDbObjects, opts: pulumi.ComponentResourceOptions = {}) {
    super("datasets-server:components:MongoDb", name, {}, opts);
    this.service = register(objects.service, childOptions(this, opts));
    this.statefulSet = register(objects.statefulSet, { parent: this, dependsOn: [this.service] });
    this.initiation = register(objects.initiation, { parent: this, dependsOn: [this.statefulSet] });
    this.registerOutputs({
      service: this.service.metadata.name,
      statefulSet: this.statefulSet.metadata.name,
      initiation: this.initiation.metadata.name,
    });
  }
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
  const { scope } = args;
  const { storage, storageClass } = args.config;
  return built("StatefulSet", {
    metadata: metadata(scope, component),
    spec: {
      replicas: 1,
      serviceName: objectName(scope, component),
      selector: { matchLabels: selectorLabels(scope, component) },
      persistentVolumeClaimRetentionPolicy: { whenDeleted: "Delete", whenScaled: "Retain" },
      template: podTemplate({
        scope,
        component,
        serviceAccount: args.serviceAccount,
        user,
        terminationGracePeriodSeconds: 60,
        container: serverContainer(args.config),
        volumes: [...scratch, { name: "data", mountPath: "/data/db" }],
      }),
      volumeClaimTemplates: [
        {
          metadata: { name: "data" },
          spec: {
            accessModes: ["ReadWriteOnce"],
            ...(storageClass && { storageClassName: storageClass }),
            resources: { requests: { storage } },
          },
        },
      ],
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
          restartPolicy: "OnFailure",
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
