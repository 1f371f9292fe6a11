import { createHash } from "node:crypto";
import { metadata, objectName, type Scope } from "./names";
import { type BuiltObject, built } from "./objects";
import type { SecretKey } from "./secrets";

/** Environment variables by name. */
export type Variables = Readonly<Record<string, string>>;

/**
 * The groups the application's environment variables come in, each with the variables of it that hold a secret, and which
 * secret that is. A workload reads whole groups.
 */
export const secretVariables = {
  admin: {},
  assets: {},
  cache: { CACHE_MONGO_URL: "mongoUrl" },
  "cached-assets": {},
  cloudfront: { CLOUDFRONT_KEY_PAIR_ID: "cloudfrontKeyPairId", CLOUDFRONT_PRIVATE_KEY: "cloudfrontPrivateKey" },
  committer: { COMMITTER_HF_TOKEN: "parquetConverterHfToken" },
  common: { COMMON_HF_TOKEN: "hfToken" },
  discussions: { DISCUSSIONS_BOT_TOKEN: "parquetConverterHfToken" },
  "duckdb-index": {},
  "hf-home": {},
  "hub-api": { API_HF_JWT_ADDITIONAL_PUBLIC_KEYS: "jwtAdditionalPublicKeys" },
  log: {},
  "max-age": {},
  migration: { DATABASE_MIGRATIONS_MONGO_URL: "mongoUrl" },
  numba: {},
  "parquet-metadata": {},
  queue: { QUEUE_MONGO_URL: "mongoUrl" },
  "rows-index": {},
  s3: { S3_ACCESS_KEY_ID: "awsAccessKeyId", S3_SECRET_ACCESS_KEY: "awsSecretAccessKey" },
  webhook: { API_HF_WEBHOOK_SECRET: "webhookSecret" },
  worker: { OPT_IN_OUT_URLS_SCAN_SPAWNING_TOKEN: "spawningToken" },
} as const satisfies Readonly<Record<string, Readonly<Record<string, SecretKey>>>>;

export type SettingGroup = keyof typeof secretVariables;

/** What one ConfigMap of settings is made of. */
export interface SettingsArgs {
  readonly scope: Scope;
  /** Names the group, as in settings-log. */
  readonly component: string;
  readonly variables: Variables;
}

/** Whether a group is a ConfigMap. One that a single workload reads stands in its pods themselves. */
export function isShared(variables: Variables, readers: number): boolean {
  return Object.keys(variables).length > 0 && readers > 1;
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
 * An immutable ConfigMap of settings.
 *
 * The hash is in Pulumi's name for it too: going back to earlier settings after a failed rollout then finds the earlier
 * ConfigMap in place, where a replaced one of the same Pulumi name would be waiting for its deletion.
 */
export function settingsConfigMap(args: SettingsArgs): BuiltObject<"ConfigMap"> {
  return built("ConfigMap", {
    metadata: metadata(args.scope, args.component, { name: settingsName(args) }),
    immutable: true,
    data: { ...args.variables },
  });
}
