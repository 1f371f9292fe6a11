import type { SecretKey } from "./secrets";

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
