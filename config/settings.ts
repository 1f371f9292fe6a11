import { z } from "zod";
import type { Variables } from "../components/foundation/settings";
import {
  datasetPattern,
  flag,
  logLevel,
  oneOf,
  positiveNumber,
  region,
  section,
  storageRoot,
  url,
  wholeNumber,
} from "./fields";

const storageProtocol = oneOf(["s3", "file"]);

/** The application's settings that a stack may choose; production's values are the defaults where stacks agree. */
export const settingsSchema = section({
  assets: section({
    storageRoot,
    cachedStorageRoot: storageRoot,
    storageProtocol: storageProtocol.default("s3"),
  }),
  blockedDatasets: z
    .array(datasetPattern, { error: "a list of datasets" })
    .min(1, { error: "at least one dataset" })
    .max(1000, { error: "at most 1000 datasets and patterns" }),
  cacheReports: section({ results: wholeNumber(1, 10_000, "results") }),
  cloudfront: section({ expirationSeconds: wholeNumber(60, 86_400, "seconds").default(3600) }).prefault({}),
  hub: section({
    endpoint: url.default("https://huggingface.co"),
    timeoutSeconds: positiveNumber(600, "seconds"),
  }),
  logLevel,
  maxAge: section({
    longSeconds: wholeNumber(0, 86_400, "seconds").default(120),
    shortSeconds: wholeNumber(0, 86_400, "seconds").default(10),
  }).prefault({}),
  optInOutUrlsScan: section({
    concurrentRequests: wholeNumber(1, 10_000, "requests at once"),
    requestsPerSecond: wholeNumber(1, 10_000, "requests a second"),
    rows: wholeNumber(1, 10_000_000, "rows"),
  }),
  maxDatasetSizeBytes: wholeNumber(1, 1e12, "bytes").describe("Datasets up to this size are converted to Parquet."),
  maxSplitSizeBytes: wholeNumber(1, 1e12, "bytes").describe("Splits up to this size get statistics."),
  s3: section({
    region: region.default("us-east-1"),
    useServiceAccountRole: flag()
      .default(false)
      .describe("Whether pods reach S3 by their service account's role instead of keys."),
  }).prefault({}),
});

export type Settings = z.infer<typeof settingsSchema>;

/** Where things are that more than one workload must agree on. */
export interface Places {
  /** The public host name. */
  readonly host: string;
  /** Where the shared volume of parquet metadata is mounted. */
  readonly parquetMetadata: string;
}

/** Every environment variable that is no secret and that more than one workload may read: the one place they are set. */
export function environmentVariables(settings: Settings, { host, parquetMetadata }: Places) {
  const { assets, hub, maxAge, s3, optInOutUrlsScan: scan } = settings;
  const parquetRevision = "refs/convert/parquet";
  return {
    admin: {
      ADMIN_CACHE_REPORTS_NUM_RESULTS: String(settings.cacheReports.results),
      ADMIN_CACHE_REPORTS_WITH_CONTENT_NUM_RESULTS: "100",
      ADMIN_HF_ORGANIZATION: "datasets-maintainers",
      ADMIN_HF_TIMEOUT_SECONDS: String(hub.timeoutSeconds),
      ADMIN_HF_WHOAMI_PATH: "/api/whoami-v2",
      ADMIN_MAX_AGE: "10",
    },
    assets: {
      ASSETS_BASE_URL: `https://${host}/assets`,
      ASSETS_STORAGE_PROTOCOL: assets.storageProtocol,
      ASSETS_STORAGE_ROOT: assets.storageRoot,
    },
    cache: { CACHE_MONGO_DATABASE: "datasets_server_cache" },
    "cached-assets": {
      CACHED_ASSETS_BASE_URL: `https://${host}/cached-assets`,
      CACHED_ASSETS_STORAGE_PROTOCOL: assets.storageProtocol,
      CACHED_ASSETS_STORAGE_ROOT: assets.cachedStorageRoot,
    },
    cloudfront: { CLOUDFRONT_EXPIRATION_SECONDS: String(settings.cloudfront.expirationSeconds) },
    committer: {},
    common: {
      COMMON_BLOCKED_DATASETS: settings.blockedDatasets.join(","),
      COMMON_HF_ENDPOINT: hub.endpoint,
      // Read by the huggingface_hub library.
      HF_ENDPOINT: hub.endpoint,
    },
    discussions: {
      DISCUSSIONS_BOT_ASSOCIATED_USER_NAME: "parquet-converter",
      DISCUSSIONS_PARQUET_REVISION: parquetRevision,
    },
    "duckdb-index": {
      DUCKDB_INDEX_CACHE_CLEAN_CACHE_PROBA: "0.05",
      DUCKDB_INDEX_CACHE_DIRECTORY: "/tmp/duckdb-index",
      DUCKDB_INDEX_CACHE_EXPIRED_TIME_INTERVAL_SECONDS: "43200",
      DUCKDB_INDEX_EXTENSIONS_DIRECTORY: "/tmp/duckdb-extensions",
    },
    "hf-home": { HF_HOME: "/tmp/hf" },
    "hub-api": {
      API_HF_AUTH_PATH: "/api/datasets/%s/auth-check",
      API_HF_JWT_ALGORITHM: "EdDSA",
      API_HF_JWT_PUBLIC_KEY_URL: `${hub.endpoint}/api/keys/jwt`,
      API_HF_TIMEOUT_SECONDS: String(hub.timeoutSeconds),
    },
    log: { LOG_LEVEL: settings.logLevel },
    "max-age": {
      API_MAX_AGE_LONG: String(maxAge.longSeconds),
      API_MAX_AGE_SHORT: String(maxAge.shortSeconds),
    },
    migration: { DATABASE_MIGRATIONS_MONGO_DATABASE: "datasets_server_maintenance" },
    numba: { NUMBA_CACHE_DIR: "/tmp/numba-cache" },
    "parquet-metadata": { PARQUET_METADATA_STORAGE_DIRECTORY: parquetMetadata },
    queue: { QUEUE_MONGO_DATABASE: "datasets_server_queue" },
    "rows-index": { ROWS_INDEX_MAX_ARROW_DATA_IN_MEMORY: "300000000" },
    s3: { S3_REGION_NAME: s3.region, S3_USE_IRSA: String(s3.useServiceAccountRole) },
    webhook: {},
    worker: {
      CONFIG_NAMES_MAX_NUMBER: "4000",
      DESCRIPTIVE_STATISTICS_CACHE_DIRECTORY: "/tmp/stats-cache",
      DESCRIPTIVE_STATISTICS_MAX_SPLIT_SIZE_BYTES: String(settings.maxSplitSizeBytes),
      FIRST_ROWS_COLUMNS_MAX_NUMBER: "1000",
      FIRST_ROWS_MAX_BYTES: "200000",
      FIRST_ROWS_MIN_CELL_BYTES: "100",
      FIRST_ROWS_MIN_NUMBER: "10",
      OPT_IN_OUT_URLS_SCAN_COLUMNS_MAX_NUMBER: "10",
      OPT_IN_OUT_URLS_SCAN_MAX_CONCURRENT_REQUESTS_NUMBER: String(scan.concurrentRequests),
      OPT_IN_OUT_URLS_SCAN_MAX_REQUESTS_PER_SECOND: String(scan.requestsPerSecond),
      OPT_IN_OUT_URLS_SCAN_ROWS_MAX_NUMBER: String(scan.rows),
      OPT_IN_OUT_URLS_SCAN_SPAWNING_URL: "https://opts-api.spawningaiapi.com/api/v2/query/urls",
      OPT_IN_OUT_URLS_SCAN_URLS_NUMBER_PER_BATCH: "1000",
      PARQUET_AND_INFO_COMMIT_MESSAGE: "Update parquet files",
      PARQUET_AND_INFO_MAX_DATASET_SIZE_BYTES: String(settings.maxDatasetSizeBytes),
      PARQUET_AND_INFO_SOURCE_REVISION: "main",
      PARQUET_AND_INFO_TARGET_REVISION: parquetRevision,
      PARQUET_AND_INFO_URL_TEMPLATE: "/datasets/%s/resolve/%s/%s",
      TMPDIR: "/tmp",
      WORKER_CONTENT_MAX_BYTES: "10000000",
      WORKER_HEARTBEAT_INTERVAL_SECONDS: "60",
      WORKER_KILL_LONG_JOB_INTERVAL_SECONDS: "60",
      WORKER_KILL_ZOMBIES_INTERVAL_SECONDS: "600",
      WORKER_MAX_JOB_DURATION_SECONDS: "2400",
      WORKER_MAX_LOAD_PCT: "0",
      WORKER_MAX_MISSING_HEARTBEATS: "5",
      WORKER_SLEEP_SECONDS: "5",
    },
  } satisfies Record<string, Variables>;
}
