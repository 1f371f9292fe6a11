import { createHash } from "node:crypto";
import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { metadata, objectName, type Scope } from "./names";
import type { SecretKey } from "./secrets";

/** The groups the application's environment variables come in; a workload reads whole groups. */
export const settingGroups = [
  "assets",
  "cache",
  "cached-assets",
  "cloudfront",
  "common",
  "hub-api",
  "log",
  "max-age",
  "numba",
  "queue",
  "s3",
] as const;

export type SettingGroup = (typeof settingGroups)[number];

/** Environment variables by name. */
export type Variables = Readonly<Record<string, string>>;

/** The variables of a group that hold a secret, and which secret that is. */
export const secretVariables: Readonly<Record<SettingGroup, Readonly<Record<string, SecretKey>>>> = {
  assets: {},
  cache: {},
  "cached-assets": {},
  cloudfront: {},
  common: { COMMON_HF_TOKEN: "hfToken" },
  "hub-api": {},
  log: {},
  "max-age": {},
  numba: {},
  queue: {},
  s3: {},
};

/** What one ConfigMap of settings is made of. */
export interface SettingsArgs {
  readonly scope: Scope;
  /** A setting group, or a workload's own name for the variables that no other workload reads. */
  readonly component: string;
  readonly variables: Variables;
}

/**
 * The name of a settings ConfigMap: it ends in a hash of the content.
 *
 * Changed settings thus make another ConfigMap, and pods that still run the old version keep the old one.
 */
export function settingsName({ scope, component, variables }: SettingsArgs): string {
  const content = JSON.stringify(Object.entries(variables).sort(([a], [b]) => (a < b ? -1 : 1)));
  const hash = createHash("sha256").update(content).digest("hex").slice(0, 10);
  return objectName(scope, `${component}-${hash}`);
}

/**
 * Makes an immutable ConfigMap of settings.
 *
 * The hash is in Pulumi's name for it too: going back to earlier settings after a failed rollout then finds the earlier
 * ConfigMap in place, where a replaced one of the same Pulumi name would be waiting for its deletion.
 */
export function settingsConfigMap(args: SettingsArgs, opts: pulumi.CustomResourceOptions): k8s.core.v1.ConfigMap {
  const name = settingsName(args);
  return new k8s.core.v1.ConfigMap(
    name,
    { metadata: metadata(args.scope, args.component, { name }), immutable: true, data: { ...args.variables } },
    opts,
  );
}
