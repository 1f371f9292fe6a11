import type * as pulumi from "@pulumi/pulumi";
import type { Scope } from "../../catalog/names";
import type { NodePool } from "../../catalog/nodePools";
import type { Resources } from "../../catalog/quantity";
import type { SecretKey } from "../../catalog/secrets";
import { type SettingGroup, secretVariables } from "../../catalog/settings";
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

/** What all workloads of a stack are given. */
export interface WorkloadContext {
  readonly scope: Scope;
  readonly images: { readonly registry: string; readonly tag: string };
  readonly serviceAccount: string;
  /** Each setting group: the name of its ConfigMap, or the variables themselves, which then stand in the pods. */
  readonly settings: Readonly<Partial<Record<SettingGroup, string | Variables>>>;
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
  /** Default: any node without a taint. */
  readonly nodePool?: NodePool;
}

/** One workload of the application. */
export interface WorkloadArgs {
  readonly component: string;
  /** The image's name within the registry, less its common prefix. */
  readonly image: string;
  readonly command?: readonly string[];
  readonly settings: readonly SettingGroup[];
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

/** The image of a workload: one repository each, one tag for all. */
export function imageOf({ images }: Pick<WorkloadContext, "images">, name: string): string {
  return `${images.registry}/${imagePrefix}${name}:${images.tag}`;
}

/** The secrets that a workload with these groups reads, of those that the stack has. */
export function secretsOf(settings: readonly SettingGroup[], values: SecretValues): SecretKey[] {
  return [...new Set(secretEntries(settings, values).map(({ key }) => key))];
}

/** The template of a workload's pods: what it reads, where it writes, and how it is told its secrets. */
export function workloadTemplate(context: WorkloadContext, args: WorkloadArgs) {
  const { scope, secretDelivery, secrets } = context;
  const { component, config, settings, parquetMetadata } = args;
  const keys = secretsOf(settings, secrets);
  const groups = settings.map((group) => context.settings[group]);
  const configMaps = groups.flatMap((group) => (typeof group === "string" ? group : []));
  const inPods = groups.flatMap((group) => (typeof group === "object" ? variableEntries(group) : []));
  const fromSecrets = secretEntries(settings, secrets).map(({ name, key }) => secretVariable(name, key));
  const asFiles = secretDelivery === "files" && keys.length > 0;
  // Pods of jobs start anew each time, and read what the secrets are then.
  const outlivesSecrets = (args.pod?.restartPolicy ?? "Always") === "Always" && keys.length > 0;
  return podTemplate({
    ...args.pod,
    scope,
    component,
    serviceAccount: context.serviceAccount,
    ...(config.nodePool && { nodePool: config.nodePool }),
    ...(args.initContainers && { initContainers: args.initContainers }),
    ...(outlivesSecrets && { secretsChecksum: secretsChecksum(keys, secrets, context.checksumKey) }),
    container: {
      ...args.container,
      name: component,
      image: imageOf(context, args.image),
      ...(args.command && { command: args.command }),
      resources: config.resources,
      configMaps,
      env: [writableHome, ...(asFiles ? secretsDirectory : fromSecrets), ...inPods, ...variableEntries(args.variables)],
    },
    volumes: [
      scratchVolume("scratch", "/tmp", config.scratch),
      ...(args.volumes ?? []),
      ...(parquetMetadata ? [parquetMetadataVolume(context.parquetMetadata, parquetMetadata)] : []),
      ...(asFiles ? [secretsVolume(keys)] : []),
    ],
  });
}

const secretsDirectory = [{ name: "SECRETS_DIR", value: secretsPath }];

function variableEntries(variables: Variables) {
  return Object.entries(variables).map(([name, value]) => ({ name, value }));
}

function secretEntries(settings: readonly SettingGroup[], values: SecretValues) {
  return settings
    .flatMap((group) => Object.entries(secretVariables[group]))
    .map(([name, key]: [string, SecretKey]) => ({ name, key }))
    .filter(({ key }) => values[key] !== undefined);
}
