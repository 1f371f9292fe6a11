import type * as pulumi from "@pulumi/pulumi";
import type { Scope } from "../../catalog/names";
import type { NodePool } from "../../catalog/nodePools";
import type { Resources } from "../../catalog/quantity";
import type { SecretKey } from "../../catalog/secrets";
import type { VariableGroup } from "../../catalog/variableGroups";
import { secretVariablesOf, variableNamed } from "../../catalog/variables";
import { type SecretValues, secretsChecksum, secretVariable } from "../foundation/secrets";
import type { Variables } from "../foundation/settings";
import type { ParquetMetadataVolume } from "../foundation/storage";
import { type ContainerArgs, type PodTemplateArgs, podTemplate } from "./podTemplate";
import {
  parquetMetadataVolume,
  scratchVolume,
  secretsPath,
  secretsVolume,
  type VolumeUse,
  writableHome,
} from "./volumes";

/** Where the variables of a group are. */
export interface GroupSource {
  readonly variables: Variables;
  /** The ConfigMap that holds them. Default: none, and they stand in the pods. */
  readonly configMap?: string;
}

/** Where a stack's images are, and which. */
export interface Images {
  readonly registry: string;
  readonly tag: string;
  /** The digest of each image that the tag stands for, by its name less the common prefix. Default: pods run the tag. */
  readonly digests?: Readonly<Record<string, string>>;
}

/** What all workloads of a stack are given. */
export interface WorkloadContext {
  readonly scope: Scope;
  readonly images: Images;
  readonly serviceAccount: string;
  readonly groups: ReadonlyMap<VariableGroup, GroupSource>;
  readonly nodePools: Readonly<Record<string, NodePool>>;
  readonly secrets: SecretValues;
  /** How secrets reach a pod: as variables, or as files, which no process hands on to its children. */
  readonly secretDelivery: "env" | "files";
  /** Key of the checksums that roll pods when a secret changes. */
  readonly checksumKey: pulumi.Output<string>;
  readonly parquetMetadata: ParquetMetadataVolume;
  /** Whether Prometheus' custom resources are on the cluster. */
  readonly monitoring: boolean;
}

/** What a stack file configures of every workload's pods. */
export interface PodConfig {
  readonly resources: Resources;
  /** Writable space under /tmp. */
  readonly scratch: string;
  /** The name of the pool of nodes that they run on. Default: any node without a taint. */
  readonly nodePool?: string;
  /** Variables in the place of those that all workloads are given. */
  readonly env: Variables;
}

/** One workload of the application. */
export interface WorkloadArgs {
  readonly component: string;
  /** The image's name within the registry, less its common prefix. */
  readonly image: string;
  readonly command?: readonly string[];
  /** The groups of variables that it reads. */
  readonly groups: readonly VariableGroup[];
  /** Variables that no other workload reads; they stand in its own pods, where a change of them is seen. */
  readonly variables: Variables;
  readonly config: PodConfig;
  /** How it uses the shared volume of parquet metadata. Default: not at all. */
  readonly parquetMetadata?: "read" | "write";
  /** Further volumes. Default: none. */
  readonly volumes?: readonly VolumeUse[];
  readonly container?: Pick<ContainerArgs, "port" | "probes" | "preStop">;
  readonly initContainers?: readonly ContainerArgs[];
  readonly pod?: Pick<PodTemplateArgs, "terminationGracePeriodSeconds" | "restartPolicy">;
}

/** What the names of the application's repositories of images start with. */
export const imagePrefix = "hub-datasets-server-";

/** The image of a workload: one repository each, one tag for all. Where its digest is known, that decides, and the tag only tells. */
export function imageOf({ images }: Pick<WorkloadContext, "images">, name: string): string {
  const { registry, tag, digests = {} } = images;
  const image = `${registry}/${imagePrefix}${name}:${tag}`;
  return digests[name] === undefined ? image : `${image}@${digests[name]}`;
}

/** The secrets that a workload with these groups reads, of those that the stack has. */
export function secretsOf(groups: readonly VariableGroup[], values: SecretValues): SecretKey[] {
  return [...new Set(secretEntries(groups, values).map(({ key }) => key))];
}

/** The template of a workload's pods: what it reads, where it writes, and how it is told its secrets. */
export function workloadTemplate(context: WorkloadContext, args: WorkloadArgs) {
  const { scope, secretDelivery, secrets } = context;
  const { component, config, groups, parquetMetadata } = args;
  const keys = secretsOf(groups, secrets);
  const { configMaps, inPods, own } = variablesRead(context, groups, config.env);
  const fromSecrets = secretEntries(groups, secrets).map(({ name, key }) => secretVariable(name, key));
  const nodePool = config.nodePool === undefined ? undefined : context.nodePools[config.nodePool];
  const asFiles = secretDelivery === "files" && keys.length > 0;
  // Pods of jobs start again each time, and read what the secrets are then.
  const outlivesSecrets = (args.pod?.restartPolicy ?? "Always") === "Always" && keys.length > 0;
  return podTemplate({
    ...args.pod,
    scope,
    component,
    serviceAccount: context.serviceAccount,
    ...(nodePool && { nodePool }),
    ...(args.initContainers && { initContainers: args.initContainers }),
    ...(outlivesSecrets && { secretsChecksum: secretsChecksum(keys, secrets, context.checksumKey) }),
    container: {
      ...args.container,
      name: component,
      image: imageOf(context, args.image),
      ...(args.command && { command: args.command }),
      resources: config.resources,
      configMaps,
      env: [
        writableHome,
        ...(asFiles ? secretsDirectory : fromSecrets),
        ...[inPods, args.variables, own].flatMap(variableEntries),
      ],
    },
    volumes: [
      scratchVolume("scratch", "/tmp", config.scratch),
      ...(args.volumes ?? []),
      ...(parquetMetadata ? [parquetMetadataVolume(context.parquetMetadata, parquetMetadata)] : []),
      ...(asFiles ? [secretsVolume(keys)] : []),
    ],
  });
}

/**
 * Where a workload gets the variables of its groups from. A group of which it has a variable of its own stands whole in its
 * pods: each variable is then defined once, and the ConfigMap that others read stays as it is.
 */
function variablesRead({ groups }: WorkloadContext, read: readonly VariableGroup[], env: Variables) {
  const changed = read.filter((group) => Object.keys(env).some((name) => variableNamed(name)?.group === group));
  const unchanged = read.filter((group) => !changed.includes(group)).flatMap((group) => groups.get(group) ?? []);
  return {
    configMaps: unchanged.flatMap(({ configMap }) => configMap ?? []),
    inPods: joined(unchanged.map(({ configMap, variables }) => (configMap === undefined ? variables : {}))),
    own: joined([...changed.map((group) => groups.get(group)?.variables ?? {}), env]),
  };
}

function joined(variables: readonly Variables[]): Variables {
  return Object.fromEntries(variables.flatMap((some) => Object.entries(some)));
}

const secretsDirectory = [{ name: "SECRETS_DIR", value: secretsPath }];

function variableEntries(variables: Variables) {
  return Object.entries(variables).map(([name, value]) => ({ name, value }));
}

function secretEntries(groups: readonly VariableGroup[], values: SecretValues) {
  return groups.flatMap(secretVariablesOf).filter(({ key }) => values[key] !== undefined);
}
