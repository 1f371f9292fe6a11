import type * as pulumi from "@pulumi/pulumi";
import { type JobName, jobNames, jobs, migrationGroups } from "../catalog/jobs";
import type { Scope } from "../catalog/names";
import type { NodePool } from "../catalog/nodePools";
import { isShared } from "../catalog/readers";
import { type ServiceName, serviceNames, services } from "../catalog/services";
import type { VariableGroup } from "../catalog/variableGroups";
import { variableNamed } from "../catalog/variables";
import { workerComponent, workerGroups } from "../catalog/workers";
import { type NamespaceArgs, namespace, quota, serviceAccount } from "./foundation/namespace";
import { type SecretValues, secretObjects } from "./foundation/secrets";
import { settingsConfigMap, settingsName, type Variables } from "./foundation/settings";
import { type ClaimArgs, type ParquetMetadataVolume, parquetMetadataClaim } from "./foundation/storage";
import type { AnyObject, BuiltObject } from "./objects";
import { type AlertsArgs, prometheusRule } from "./observability/alerts";
import { type NetworkArgs, networkPolicyObjects } from "./traffic/networkPolicies";
import { type MigrationConfig, migrationComponent, migrationJob } from "./workloads/migration";
import { buildMongoDb, type MongoDbConfig, type MongoDbObjects } from "./workloads/mongodb";
import { type ScheduledJobConfig, scheduledJob } from "./workloads/scheduledJob";
import { buildWebService, type Endpoints, type ServiceConfig, type WebServiceObjects } from "./workloads/webService";
import { buildWorkerPool, type WorkerPoolConfig, type WorkerPoolObjects } from "./workloads/workerPool";
import { type Images, imageOf, type WorkloadContext } from "./workloads/workload";

/** All that a stack's objects are built from. */
export interface DatasetsServerArgs {
  readonly scope: Scope;
  readonly namespace: NamespaceArgs;
  readonly images: Images;
  readonly endpoints: Endpoints;
  /** Environment variables by group. */
  readonly variables: ReadonlyMap<VariableGroup, Variables>;
  /** The pools of nodes that workloads may be put on, by name. */
  readonly nodePools: Readonly<Record<string, NodePool>>;
  readonly secrets: SecretValues;
  readonly secretDelivery: "env" | "files";
  /** Key of the checksums that roll pods when a secret changes. */
  readonly checksumKey: pulumi.Output<string>;
  /** The IAM role that pods assume by their service account. Default: none. */
  readonly roleArn?: string;
  readonly network: NetworkArgs;
  /** The shared volume, and its claim where the stack makes it. */
  readonly parquetMetadata: ParquetMetadataVolume & { readonly create?: ClaimArgs };
  /** Whether Prometheus' custom resources are on the cluster. */
  readonly monitoring: boolean;
  /** What the stack also has alerts about, beside its own workloads. Default: it has no alerts. */
  readonly alerts?: Pick<AlertsArgs, "environments">;
  /** The stack's own MongoDB. Default: an external one, at the URL among the secrets. */
  readonly mongodb?: MongoDbConfig;
  /** Default: no migration runs, as for going back to an image that is older than the database. */
  readonly migration?: MigrationConfig;
  /** Services that are left out do not run on the stack. */
  readonly services: Readonly<Partial<Record<ServiceName, ServiceConfig>>>;
  readonly workers: Readonly<Record<string, WorkerPoolConfig>>;
  /** Jobs that are left out do not run on the stack. */
  readonly jobs: Readonly<Partial<Record<JobName, ScheduledJobConfig>>>;
  /** Whether the jobs are there, and none of them starts. */
  readonly suspendJobs: boolean;
}

/** Every Kubernetes object of a stack, by the component that registers it. */
export interface DatasetsServerObjects {
  /** Absent where the namespace is there without the stack. */
  readonly namespace?: BuiltObject<"Namespace">;
  /** What all workloads share: settings, secrets, identity, the claim of the shared volume, and the namespace's quota. */
  readonly foundation: readonly (
    | BuiltObject<"ConfigMap">
    | BuiltObject<"PersistentVolumeClaim">
    | BuiltObject<"ResourceQuota">
    | BuiltObject<"Secret">
    | BuiltObject<"ServiceAccount">
  )[];
  readonly networkPolicies: readonly BuiltObject<"NetworkPolicy">[];
  /** Absent where the database is an external one. */
  readonly mongodb?: MongoDbObjects;
  /** Absent where no migration runs. */
  readonly migration?: BuiltObject<"Job">;
  /** By component, such as api. */
  readonly webServices: Readonly<Record<string, WebServiceObjects>>;
  /** By component, such as worker-heavy. */
  readonly workerPools: Readonly<Record<string, WorkerPoolObjects>>;
  readonly scheduledJobs: readonly BuiltObject<"CronJob">[];
  /** Absent where there are no alerts. */
  readonly alerts?: BuiltObject<"PrometheusRule">;
}

/** Builds every object of a stack. Registers nothing, asks no server, and gives the same objects for the same arguments. */
export function buildObjects(args: DatasetsServerArgs): DatasetsServerObjects {
  const { scope, mongodb, migration, network } = args;
  const groups = sharedGroups(args);
  const context = workloadContext(args, groups);
  return {
    ...(args.namespace.create && { namespace: namespace(scope, args.namespace) }),
    foundation: foundation(args, groups),
    networkPolicies: networkPolicyObjects({
      scope,
      network,
      webServices: deployedServices(args),
      workers: Object.keys(args.workers).map(workerComponent),
      urls: givenUrls(args),
    }),
    ...(mongodb && {
      mongodb: buildMongoDb({
        scope,
        serviceAccount: context.serviceAccount,
        config: mongodb,
        keep: args.namespace.keep,
      }),
    }),
    ...(migration && { migration: migrationJob({ context, config: migration }) }),
    webServices: Object.fromEntries(
      serviceNames.flatMap((component) => {
        const config = args.services[component];
        const definition = services[component];
        return config
          ? [[component, buildWebService({ context, component, definition, config, endpoints: args.endpoints })]]
          : [];
      }),
    ),
    workerPools: Object.fromEntries(
      Object.entries(args.workers).map(([pool, config]) => [
        workerComponent(pool),
        buildWorkerPool({ context, pool, config }),
      ]),
    ),
    scheduledJobs: jobNames.flatMap((job) => {
      const config = args.jobs[job];
      return config ? [scheduledJob({ context, job, definition: jobs[job], config, suspend: args.suspendJobs })] : [];
    }),
    ...(args.alerts && {
      alerts: prometheusRule({
        scope,
        services: args.services,
        workers: args.workers,
        jobs: args.jobs,
        suspendJobs: args.suspendJobs,
        ...(args.alerts.environments && { environments: args.alerts.environments }),
      }),
    }),
  };
}

/** All objects of a stack in one list. */
export function allObjects(objects: DatasetsServerObjects): AnyObject[] {
  const { namespace, mongodb, migration, alerts } = objects;
  return [
    ...(namespace ? [namespace] : []),
    ...objects.foundation,
    ...objects.networkPolicies,
    ...(mongodb ? [mongodb.claim, mongodb.service, mongodb.statefulSet, mongodb.initiation] : []),
    ...(migration ? [migration] : []),
    ...Object.values(objects.webServices).flatMap(({ deployment, service, disruptionBudget, ingresses, monitor }) => [
      deployment,
      service,
      disruptionBudget,
      ...ingresses,
      ...(monitor ? [monitor] : []),
    ]),
    ...Object.values(objects.workerPools).flatMap(({ deployment, autoscaler, disruptionBudget, monitor }) => [
      deployment,
      ...(autoscaler ? [autoscaler] : []),
      disruptionBudget,
      ...(monitor ? [monitor] : []),
    ]),
    ...objects.scheduledJobs,
    ...(alerts ? [alerts] : []),
  ];
}

/** Returns the services that run on a stack, in the catalog's order. */
export function deployedServices({ services: configs }: Pick<DatasetsServerArgs, "services">): ServiceName[] {
  return serviceNames.filter((name) => configs[name] !== undefined);
}

/** The image of each program that a stack runs. */
export function imagesOf(
  args: Pick<DatasetsServerArgs, "images" | "jobs" | "migration" | "services" | "workers">,
): Readonly<Record<string, string>> {
  const names = [
    ...deployedServices(args),
    ...(Object.keys(args.workers).length > 0 ? ["worker"] : []),
    ...(Object.keys(args.jobs).length > 0 ? ["cache_maintenance"] : []),
    ...(args.migration ? ["mongodb_migration"] : []),
  ];
  return Object.fromEntries(names.map((name) => [name, imageOf(args, name)]));
}

/** The groups of variables that are ConfigMaps, each as what its own is made of. */
function sharedGroups(args: DatasetsServerArgs) {
  const read = groupsRead(args);
  return [...args.variables]
    .filter(([group, variables]) => isShared(group) && read.has(group) && Object.keys(variables).length > 0)
    .map(([group, variables]) => ({
      group,
      settings: { scope: args.scope, component: `settings-${group}`, variables },
    }));
}

function foundation(
  { scope, namespace, secrets, roleArn, parquetMetadata }: DatasetsServerArgs,
  groups: ReturnType<typeof sharedGroups>,
): DatasetsServerObjects["foundation"] {
  return [
    ...(namespace.quota ? [quota(scope, namespace.quota)] : []),
    ...groups.map(({ settings }) => settingsConfigMap(settings)),
    ...secretObjects(scope, secrets),
    serviceAccount(scope, roleArn),
    ...(parquetMetadata.create
      ? [parquetMetadataClaim(scope, parquetMetadata, parquetMetadata.create, namespace)]
      : []),
  ];
}

/** What all workloads are told. */
function workloadContext(args: DatasetsServerArgs, groups: ReturnType<typeof sharedGroups>): WorkloadContext {
  const { scope, images, secrets, secretDelivery, checksumKey, parquetMetadata, monitoring } = args;
  const configMaps = new Map(groups.map(({ group, settings }) => [group, settingsName(settings)]));
  return {
    scope,
    images,
    secrets,
    secretDelivery,
    checksumKey,
    parquetMetadata,
    monitoring,
    serviceAccount: scope.release,
    groups: new Map(
      [...args.variables].map(([group, variables]) => {
        const configMap = configMaps.get(group);
        return [group, { variables, ...(configMap && { configMap }) }];
      }),
    ),
    nodePools: args.nodePools,
  };
}

/** The groups that some workload of the stack reads as they are, without a variable of its own. */
function groupsRead(args: DatasetsServerArgs): Set<VariableGroup> {
  return new Set(
    readers(args).flatMap(({ groups, env }) => {
      const changed = Object.keys(env).map((name) => variableNamed(name)?.group);
      return groups.filter((group) => !changed.includes(group));
    }),
  );
}

/** The URLs that each workload is given by variables that are no secret, by component. */
function givenUrls(args: DatasetsServerArgs): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(
    readers(args).map(({ component, groups, env }) => {
      const shared = groups.flatMap((group) => Object.entries(args.variables.get(group) ?? {}));
      const values = Object.values({ ...Object.fromEntries(shared), ...env });
      return [component, values.filter((value) => /^https?:\/\//.test(value) && URL.canParse(value))];
    }),
  );
}

/** The workloads that run on a stack, each with the groups of variables that it reads, and those of its own. */
function readers({ services: web, workers, jobs: schedule, migration }: DatasetsServerArgs) {
  return [
    ...serviceNames.map((name) => ({ component: name, groups: services[name].variables, config: web[name] })),
    ...Object.entries(workers).map(([pool, config]) => ({
      component: workerComponent(pool),
      groups: workerGroups,
      config,
    })),
    ...jobNames.map((name) => ({ component: name, groups: jobs[name].variables, config: schedule[name] })),
    { component: migrationComponent, groups: migrationGroups, config: migration },
  ].flatMap(({ config, ...workload }) => (config ? [{ ...workload, env: config.env }] : []));
}
