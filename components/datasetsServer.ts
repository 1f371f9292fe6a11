import * as pulumi from "@pulumi/pulumi";
import { type AlertsArgs, createAlerts } from "./alerts";
import { createMigration, type MigrationArgs, migrationSettings } from "./migration";
import { MongoDb, type MongoDbArgs } from "./mongodb";
import { objectName, type Scope } from "./names";
import { createNetworkPolicies, type NetworkArgs } from "./networkPolicies";
import { guardObjects } from "./ownership";
import { createScheduledJob, type JobName, jobNames, jobs, type ScheduledJobSizes } from "./scheduledJob";
import { createSecrets, type SecretValues } from "./secrets";
import { type ServiceName, serviceNames, services } from "./services";
import { isShared, type SettingGroup, settingsConfigMap, settingsName, type Variables } from "./settings";
import { type ClaimArgs, parquetMetadataClaim } from "./storage";
import { registerAsItIs, type TakeOver } from "./takeOver";
import { createNamespace, createQuota, createServiceAccount, type NamespaceArgs } from "./tenancy";
import type { ParquetMetadataVolume } from "./volumes";
import { type Entrances, type ServiceSizes, WebService } from "./webService";
import { WorkerPool, type WorkerPoolSizes, workerComponent, workerSettings } from "./workerPool";
import { imageOf, type WorkloadContext } from "./workload";

export interface DatasetsServerArgs {
  readonly scope: Scope;
  readonly namespace: NamespaceArgs;
  readonly images: { readonly registry: string; readonly tag: string };
  readonly entrances: Entrances;
  /** Environment variables by group. */
  readonly settings: Readonly<Record<SettingGroup, Variables>>;
  readonly secrets: SecretValues;
  readonly secretDelivery: "env" | "files";
  /** Key of the checksums that roll pods when a secret changes. */
  readonly checksumKey: pulumi.Output<string>;
  /** The IAM role that pods take on by their service account. Default: none. */
  readonly roleArn?: string;
  readonly network: NetworkArgs;
  /** The shared volume, and its claim where the stack makes it. */
  readonly parquetMetadata: ParquetMetadataVolume & { readonly create?: ClaimArgs };
  /** Whether Prometheus' custom resources are on the cluster. */
  readonly monitoring: boolean;
  /** What the stack has alerts about, besides its own workloads. Default: it has no alerts. */
  readonly alerts?: Pick<AlertsArgs, "environments">;
  /** The stack's own MongoDB. Default: an external one, at the URL among the secrets. */
  readonly mongodb?: Omit<MongoDbArgs, "scope" | "serviceAccount">;
  /** Default: no migration runs, as for going back to an image that is older than the database. */
  readonly migration?: Omit<MigrationArgs, "context">;
  readonly services: Readonly<Record<ServiceName, ServiceSizes>>;
  readonly workers: Readonly<Record<string, WorkerPoolSizes>>;
  /** Jobs that are left out do not run on the stack. */
  readonly jobs: Readonly<Partial<Record<JobName, ScheduledJobSizes>>>;
  /** Whether the jobs are there, and none of them starts. */
  readonly suspendJobs: boolean;
  /** What must agree before an object is created; see ownershipHook. */
  readonly beforeCreate: readonly pulumi.ResourceHook[];
  /** What runs before an object is updated. Default: nothing. */
  readonly beforeUpdate?: readonly pulumi.ResourceHook[];
  /** What keeps a run from deleting or replacing an object. Default: nothing. */
  readonly lossGuard?: pulumi.ResourceTransformation;
  /** What this run takes over. Default: nothing. */
  readonly takeOver?: TakeOver;
}

/** The whole datasets-server in one namespace of one cluster. */
export class DatasetsServer extends pulumi.ComponentResource {
  readonly url: string;
  /** The image of each program that runs. */
  readonly images: Readonly<Record<string, string>>;

  constructor(name: string, args: DatasetsServerArgs, opts: pulumi.ComponentResourceOptions = {}) {
    super(
      "datasets-server:components:DatasetsServer",
      name,
      {},
      pulumi.mergeOptions(opts, {
        transformations: [
          guardObjects(args),
          ...(args.lossGuard ? [args.lossGuard] : []),
          ...(args.takeOver ? [registerAsItIs(args.takeOver)] : []),
        ],
      }),
    );
    const { scope } = args;
    const namespace = args.namespace.create ? [createNamespace(scope, args.namespace, { parent: this })] : [];
    const context = this.createContext(args, namespace);
    const migration = this.migrate(args, context);
    // The migration itself waits for all that is shared, so whoever waits for it waits for that too.
    const afterMigration = { ...context, dependencies: migration.length > 0 ? migration : context.dependencies };

    createNetworkPolicies(
      { ...args, webServices: serviceNames, workers: Object.keys(args.workers).map(workerComponent) },
      { parent: this, dependsOn: namespace },
    );
    for (const component of serviceNames) {
      const row = services[component];
      const sizes = args.services[component];
      new WebService(
        objectName(scope, component),
        { ...args, context: afterMigration, component, row, sizes },
        { parent: this },
      );
    }
    for (const [pool, sizes] of Object.entries(args.workers)) {
      new WorkerPool(
        objectName(scope, workerComponent(pool)),
        { context: afterMigration, pool, sizes },
        { parent: this },
      );
    }
    for (const job of jobNames) {
      const sizes = args.jobs[job];
      if (sizes) {
        createScheduledJob(
          objectName(scope, job),
          { context: afterMigration, job, row: jobs[job], sizes, suspend: args.suspendJobs },
          { parent: this },
        );
      }
    }

    if (args.alerts) {
      createAlerts({ ...args, ...args.alerts }, { parent: this, dependsOn: namespace });
    }

    this.url = `https://${args.entrances.public.host}`;
    this.images = imagesOf(args);
    this.registerOutputs({ url: this.url, images: this.images });
  }

  /** Makes what all workloads share, and tells them of it. */
  private createContext(args: DatasetsServerArgs, namespace: readonly pulumi.Resource[]): WorkloadContext {
    const { scope, parquetMetadata } = args;
    const child = { parent: this, dependsOn: [...namespace] };
    const groupsRead = settingGroupsRead(args);
    const shared = Object.entries(args.settings)
      .filter(([group, variables]) => isShared(variables, groupsRead.filter((read) => read === group).length))
      .map(([group, variables]) => ({ group, settings: { scope, component: `settings-${group}`, variables } }));
    const claim = parquetMetadata.create
      ? [
          parquetMetadataClaim(scope, parquetMetadata, parquetMetadata.create, {
            ...child,
            protect: args.namespace.keep,
          }),
        ]
      : [];
    return {
      ...args,
      namespace,
      serviceAccount: scope.release,
      settings: {
        ...args.settings,
        ...Object.fromEntries(shared.map(({ group, settings }) => [group, settingsName(settings)])),
      },
      dependencies: [
        ...namespace,
        ...(args.namespace.quota ? [createQuota(scope, args.namespace.quota, child)] : []),
        ...shared.map(({ settings }) => settingsConfigMap(settings, child)),
        ...createSecrets(scope, args.secrets, child),
        createServiceAccount(scope, args.roleArn, child),
        ...claim,
      ],
    };
  }

  /** What must have ended well before any workload starts: the database is there, and of the image's version. */
  private migrate({ scope, mongodb, migration }: DatasetsServerArgs, context: WorkloadContext): pulumi.Resource[] {
    const database = mongodb
      ? [
          new MongoDb(
            objectName(scope, "mongodb"),
            { ...mongodb, scope, serviceAccount: context.serviceAccount },
            { parent: this, dependsOn: [...context.dependencies] },
          ).initiation,
        ]
      : [];
    if (!migration) {
      return database;
    }
    const dependencies = [...context.dependencies, ...database];
    return [createMigration({ ...migration, context: { ...context, dependencies } }, { parent: this })];
  }
}

/** The image of each program that a stack runs. */
export function imagesOf(
  args: Pick<DatasetsServerArgs, "images" | "jobs" | "migration" | "workers">,
): Readonly<Record<string, string>> {
  const names = [
    ...serviceNames,
    ...(Object.keys(args.workers).length > 0 ? ["worker"] : []),
    ...(Object.keys(args.jobs).length > 0 ? ["cache_maintenance"] : []),
    ...(args.migration ? ["mongodb_migration"] : []),
  ];
  return Object.fromEntries(names.map((name) => [name, imageOf(args, name)]));
}

/** The setting groups that each workload of the stack reads, one after the other. */
function settingGroupsRead({ jobs: schedule, migration, workers }: DatasetsServerArgs): SettingGroup[] {
  return [
    ...serviceNames.flatMap((service) => services[service].settings),
    ...Object.keys(workers).flatMap(() => workerSettings),
    ...jobNames.flatMap((job) => (schedule[job] ? jobs[job].settings : [])),
    ...(migration ? migrationSettings : []),
  ];
}
