import { type SecretKey, type SecretVariable, secretVariables } from "./secrets";
import type { VariableGroup } from "./variableGroups";

/** What a variable may be set to. A number may be a fraction, and is above zero. */
export type VariableType =
  | { readonly is: "whole number"; readonly least: number; readonly most: number; readonly unit: string }
  | { readonly is: "number"; readonly most: number; readonly unit: string }
  | { readonly is: "word"; readonly words: readonly [string, ...string[]] }
  | { readonly is: "switch" | "text" | "URL" | "path" | "storage root" | "region" | "list of datasets" };

interface Described {
  /** `pod`: each pod is given its own, by other keys of the stack file. */
  readonly group: VariableGroup | "pod";
  /** One sentence. */
  readonly does: string;
}

/** A variable that a stack file may set. */
export interface SettableVariable extends Described {
  readonly group: VariableGroup;
  readonly type: VariableType;
  /** What it is set to where the stack file says nothing. Default: it is not set. */
  readonly value?: string | number | boolean;
  /** What the application takes where it is not set. */
  readonly builtIn?: string | number;
  /** Whether every stack file must set it. Default: false. */
  readonly required?: boolean;
  /** Whether it must be the same for all that read it, and so cannot be set for one workload. Default: false. */
  readonly agreed?: boolean;
}

/** A variable that follows from something else, so that what must agree does. */
export interface DerivedVariable extends Described {
  readonly derivedFrom: string;
}

export type Variable = SettableVariable | DerivedVariable | SecretVariable;

const seconds = (most: number): VariableType => ({ is: "number", most, unit: "seconds" });
const wholeSeconds = (least: number, most: number): VariableType => ({
  is: "whole number",
  least,
  most,
  unit: "seconds",
});
const count = (most: number, unit: string): VariableType => ({ is: "whole number", least: 1, most, unit });
const bytes: VariableType = { is: "whole number", least: 1, most: 1e12, unit: "bytes" };
const percent: VariableType = { is: "whole number", least: 0, most: 100, unit: "per cent, 0 for no bound" };
const protocol: VariableType = { is: "word", words: ["s3", "file"] };

const scratch = "the volume at /tmp";
const database = "the name that all workloads and the migration must agree on";
const parquetRevision = "the branch of datasets that all workloads must agree on, refs/convert/parquet";

/**
 * Every environment variable of the application, by its own name: the one place that says who reads it and what it may be.
 * A new one is a definition here, or beside its secret.
 */
export const variables = {
  ...secretVariables,
  ADMIN_CACHE_REPORTS_NUM_RESULTS: {
    group: "admin",
    type: count(10_000, "results"),
    value: 100,
    does: "How many results a cache report has.",
  },
  ADMIN_CACHE_REPORTS_WITH_CONTENT_NUM_RESULTS: {
    group: "admin",
    type: count(10_000, "results"),
    value: 100,
    does: "How many results a cache report with content has.",
  },
  ADMIN_HF_ORGANIZATION: {
    group: "admin",
    type: { is: "text" },
    value: "datasets-maintainers",
    does: "The organization on the Hub whose members may use the admin service.",
  },
  ADMIN_HF_TIMEOUT_SECONDS: {
    group: "admin",
    type: seconds(600),
    value: 10,
    does: "How long the admin service waits for the Hub.",
  },
  ADMIN_HF_WHOAMI_PATH: {
    group: "admin",
    type: { is: "path" },
    value: "/api/whoami-v2",
    does: "The path on the Hub that tells whose a token is.",
  },
  ADMIN_MAX_AGE: {
    group: "admin",
    type: wholeSeconds(0, 86_400),
    value: 10,
    does: "How long technical responses of the admin service may be cached.",
  },
  ASSETS_BASE_URL: { group: "assets", derivedFrom: "ingress.public.host", does: "Where clients find assets." },
  ASSETS_STORAGE_PROTOCOL: {
    group: "assets",
    type: protocol,
    value: "s3",
    agreed: true,
    does: "Whether assets and cached assets are in S3 or in a file system.",
  },
  ASSETS_STORAGE_ROOT: {
    group: "assets",
    type: { is: "storage root" },
    required: true,
    agreed: true,
    does: "Where assets are kept; an environment of a pull request adds its own name.",
  },
  CACHE_MONGO_DATABASE: { group: "cache", derivedFrom: database, does: "The database of the cache." },
  CACHED_ASSETS_BASE_URL: {
    group: "cached-assets",
    derivedFrom: "ingress.public.host",
    does: "Where clients find cached assets.",
  },
  CACHED_ASSETS_STORAGE_PROTOCOL: {
    group: "cached-assets",
    derivedFrom: "ASSETS_STORAGE_PROTOCOL",
    does: "Whether cached assets are in S3 or in a file system.",
  },
  CACHED_ASSETS_STORAGE_ROOT: {
    group: "cached-assets",
    type: { is: "storage root" },
    required: true,
    agreed: true,
    does: "Where cached assets are kept; an environment of a pull request adds its own name.",
  },
  CLOUDFRONT_EXPIRATION_SECONDS: {
    group: "cloudfront",
    type: wholeSeconds(60, 86_400),
    value: 3600,
    does: "How long a signed URL lives.",
  },
  COMMON_BLOCKED_DATASETS: {
    group: "common",
    type: { is: "list of datasets" },
    does: "Datasets, or patterns of them, that are not served.",
  },
  COMMON_HF_ENDPOINT: {
    group: "common",
    type: { is: "URL" },
    value: "https://huggingface.co",
    agreed: true,
    does: "Where the Hub is.",
  },
  HF_ENDPOINT: {
    group: "common",
    derivedFrom: "COMMON_HF_ENDPOINT",
    does: "Where the Hub is, for library huggingface_hub.",
  },
  DISCUSSIONS_BOT_ASSOCIATED_USER_NAME: {
    group: "discussions",
    type: { is: "text" },
    value: "parquet-converter",
    does: "The user on the Hub who posts messages in discussions.",
  },
  DISCUSSIONS_PARQUET_REVISION: {
    group: "discussions",
    derivedFrom: parquetRevision,
    does: "The branch that messages name.",
  },
  DUCKDB_INDEX_CACHE_CLEAN_CACHE_PROBA: {
    group: "duckdb-index",
    type: { is: "number", most: 1, unit: "share of requests" },
    value: 0.05,
    does: "How likely a search is to clean the cache of indexes.",
  },
  DUCKDB_INDEX_CACHE_DIRECTORY: {
    group: "duckdb-index",
    derivedFrom: scratch,
    does: "Where search keeps indexes.",
  },
  DUCKDB_INDEX_CACHE_EXPIRED_TIME_INTERVAL_SECONDS: {
    group: "duckdb-index",
    type: wholeSeconds(60, 604_800),
    value: 43_200,
    does: "How long an unused index is kept.",
  },
  DUCKDB_INDEX_EXTENSIONS_DIRECTORY: {
    group: "duckdb-index",
    derivedFrom: scratch,
    does: "Where search keeps extensions of DuckDB.",
  },
  HF_HOME: { group: "hf-home", derivedFrom: scratch, does: "Where libraries of the Hub keep files." },
  API_HF_AUTH_PATH: {
    group: "hub-api",
    type: { is: "path" },
    value: "/api/datasets/%s/auth-check",
    does: "The path on the Hub that tells who may see a dataset.",
  },
  API_HF_JWT_ALGORITHM: {
    group: "hub-api",
    type: { is: "text" },
    value: "EdDSA",
    does: "How the Hub signs its tokens.",
  },
  API_HF_JWT_PUBLIC_KEY_URL: {
    group: "hub-api",
    derivedFrom: "COMMON_HF_ENDPOINT",
    does: "Where the Hub publishes the keys that it signs with.",
  },
  API_HF_TIMEOUT_SECONDS: {
    group: "hub-api",
    type: seconds(600),
    value: 10,
    does: "How long the services wait for the Hub.",
  },
  LOG_LEVEL: {
    group: "log",
    type: { is: "word", words: ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] },
    value: "INFO",
    does: "The least severe messages that are logged.",
  },
  API_MAX_AGE_LONG: {
    group: "max-age",
    type: wholeSeconds(0, 86_400),
    value: 120,
    does: "How long responses with data may be cached.",
  },
  API_MAX_AGE_SHORT: {
    group: "max-age",
    type: wholeSeconds(0, 86_400),
    value: 10,
    does: "How long technical responses may be cached.",
  },
  DATABASE_MIGRATIONS_MONGO_DATABASE: {
    group: "migration",
    derivedFrom: database,
    does: "The database that records migrations.",
  },
  NUMBA_CACHE_DIR: { group: "numba", derivedFrom: scratch, does: "Where library numba keeps compiled functions." },
  PARQUET_METADATA_STORAGE_DIRECTORY: {
    group: "parquet-metadata",
    derivedFrom: "the mount of the volume of parquet metadata",
    does: "Where the metadata of Parquet files is.",
  },
  QUEUE_MONGO_DATABASE: { group: "queue", derivedFrom: database, does: "The database of the queue." },
  ROWS_INDEX_MAX_ARROW_DATA_IN_MEMORY: {
    group: "rows-index",
    type: bytes,
    value: 300_000_000,
    does: "How much data of row groups may be in memory.",
  },
  S3_REGION_NAME: { group: "s3", type: { is: "region" }, value: "us-east-1", agreed: true, does: "The region of S3." },
  S3_USE_IRSA: {
    group: "s3",
    type: { is: "switch" },
    value: false,
    agreed: true,
    does: "Whether pods reach S3 by the role of their service account; no keys are needed then.",
  },
  SECRETS_DIR: { group: "pod", derivedFrom: "secretDelivery", does: "Where secrets are that come as files." },
  SECRETS_POLL_INTERVAL_SECONDS: {
    group: "secrets",
    type: seconds(60),
    builtIn: 1,
    does: "How often a start looks for secrets that come as files.",
  },
  SECRETS_TIMEOUT_SECONDS: {
    group: "secrets",
    type: seconds(600),
    builtIn: 90,
    does: "How long a start waits for secrets that come as files.",
  },
  CONFIG_NAMES_MAX_NUMBER: {
    group: "worker",
    type: count(1_000_000, "configurations"),
    value: 4000,
    does: "The most configurations of a dataset that is processed.",
  },
  CONFIG_NAMES_MAX_NUMBER_FOR_INIT: {
    group: "worker",
    type: count(1_000_000, "configurations"),
    builtIn: 10,
    does: "The most configurations that the first step of a dataset looks at.",
  },
  DESCRIPTIVE_STATISTICS_CACHE_DIRECTORY: {
    group: "worker",
    derivedFrom: scratch,
    does: "Where statistics are computed.",
  },
  DESCRIPTIVE_STATISTICS_MAX_SPLIT_SIZE_BYTES: {
    group: "worker",
    type: bytes,
    value: 100_000_000,
    does: "Up to this size a whole split gets statistics, and of a bigger one its first part.",
  },
  FIRST_ROWS_COLUMNS_MAX_NUMBER: {
    group: "worker",
    type: count(1_000_000, "columns"),
    value: 1000,
    does: "The most columns that first rows have.",
  },
  FIRST_ROWS_MAX_BYTES: {
    group: "worker",
    type: bytes,
    value: 200_000,
    does: "How big a response with first rows may be.",
  },
  FIRST_ROWS_MIN_CELL_BYTES: {
    group: "worker",
    type: bytes,
    value: 100,
    does: "Cells of first rows that are no bigger are not cut.",
  },
  FIRST_ROWS_MIN_NUMBER: {
    group: "worker",
    type: count(1_000_000, "rows"),
    value: 10,
    does: "The fewest first rows.",
  },
  OPT_IN_OUT_URLS_SCAN_COLUMNS_MAX_NUMBER: {
    group: "worker",
    type: count(1_000_000, "columns"),
    value: 10,
    does: "The most columns that the scan of opt-outs looks at.",
  },
  OPT_IN_OUT_URLS_SCAN_MAX_CONCURRENT_REQUESTS_NUMBER: {
    group: "worker",
    type: count(10_000, "requests at once"),
    value: 10,
    does: "How many requests to Spawning a scan makes at once.",
  },
  OPT_IN_OUT_URLS_SCAN_MAX_REQUESTS_PER_SECOND: {
    group: "worker",
    type: count(10_000, "requests a second"),
    value: 20,
    does: "How many requests to Spawning a scan makes in a second.",
  },
  OPT_IN_OUT_URLS_SCAN_ROWS_MAX_NUMBER: {
    group: "worker",
    type: count(10_000_000, "rows"),
    value: 1000,
    does: "The most rows that the scan of opt-outs looks at.",
  },
  OPT_IN_OUT_URLS_SCAN_SPAWNING_URL: {
    group: "worker",
    type: { is: "URL" },
    value: "https://opts-api.spawningaiapi.com/api/v2/query/urls",
    does: "Where Spawning's opt-out service is.",
  },
  OPT_IN_OUT_URLS_SCAN_URLS_NUMBER_PER_BATCH: {
    group: "worker",
    type: count(1_000_000, "URLs"),
    value: 1000,
    does: "How many URLs a request to Spawning has.",
  },
  PARQUET_AND_INFO_COMMIT_MESSAGE: {
    group: "worker",
    type: { is: "text" },
    value: "Update parquet files",
    does: "The message of commits with Parquet files.",
  },
  PARQUET_AND_INFO_MAX_DATASET_SIZE_BYTES: {
    group: "worker",
    type: bytes,
    value: 100_000_000,
    does: "Up to this size a whole dataset is converted to Parquet, and of a bigger one its first part.",
  },
  PARQUET_AND_INFO_SOURCE_REVISION: {
    group: "worker",
    type: { is: "text" },
    value: "main",
    does: "The branch of datasets that is converted to Parquet.",
  },
  PARQUET_AND_INFO_TARGET_REVISION: {
    group: "worker",
    derivedFrom: parquetRevision,
    does: "The branch of datasets that gets the Parquet files.",
  },
  PARQUET_AND_INFO_URL_TEMPLATE: {
    group: "worker",
    type: { is: "path" },
    value: "/datasets/%s/resolve/%s/%s",
    does: "The path on the Hub of a Parquet file.",
  },
  PARQUET_METADATA_MAX_PARALLELISM: {
    group: "worker",
    type: count(1000, "files at once"),
    builtIn: 16,
    does: "How many Parquet files are indexed at once.",
  },
  PRESIDIO_ENTITIES_SCAN_COLUMNS_MAX_NUMBER: {
    group: "worker",
    type: count(1_000_000, "columns"),
    builtIn: 10,
    does: "The most columns that the scan for personal data looks at.",
  },
  PRESIDIO_ENTITIES_SCAN_MAX_TEXT_LENGTH: {
    group: "worker",
    type: count(1_000_000, "characters"),
    builtIn: 1000,
    does: "How much of a text the scan for personal data looks at.",
  },
  PRESIDIO_ENTITIES_SCAN_ROWS_MAX_NUMBER: {
    group: "worker",
    type: count(10_000_000, "rows"),
    builtIn: 10_000,
    does: "The most rows that the scan for personal data looks at.",
  },
  SPLIT_NAMES_MAX_NUMBER: {
    group: "worker",
    type: count(1_000_000, "splits"),
    builtIn: 30,
    does: "The most splits of a dataset that is processed.",
  },
  TMPDIR: { group: "worker", derivedFrom: scratch, does: "Where temporary files are." },
  WORKER_CONTENT_MAX_BYTES: {
    group: "worker",
    type: bytes,
    value: 10_000_000,
    does: "How big a computed response may be.",
  },
  WORKER_HEARTBEAT_INTERVAL_SECONDS: {
    group: "worker",
    type: seconds(3600),
    value: 60,
    does: "How often a worker says that it still has its job.",
  },
  WORKER_KILL_LONG_JOB_INTERVAL_SECONDS: {
    group: "worker",
    type: seconds(86_400),
    value: 60,
    does: "How often a worker looks for jobs that take too long.",
  },
  WORKER_KILL_ZOMBIES_INTERVAL_SECONDS: {
    group: "worker",
    type: seconds(86_400),
    value: 600,
    does: "How often a worker looks for jobs whose worker is gone.",
  },
  WORKER_MAX_JOB_DURATION_SECONDS: {
    group: "worker",
    type: seconds(86_400),
    value: 2400,
    does: "How long a job may take before it is stopped.",
  },
  WORKER_MAX_LOAD_PCT: {
    group: "worker",
    type: { ...percent, most: 1000 },
    value: 0,
    does: "A worker takes no job while the load of its node is above this.",
  },
  WORKER_MAX_MISSING_HEARTBEATS: {
    group: "worker",
    type: count(1000, "heartbeats"),
    value: 5,
    does: "How many heartbeats a job may miss before its worker counts as gone.",
  },
  WORKER_NUM_JOBS_BETWEEN_HFFS_CACHE_CLEAR: {
    group: "worker",
    type: count(1_000_000, "jobs"),
    builtIn: 20,
    does: "After how many jobs a worker clears its cache of the Hub's files.",
  },
  WORKER_SLEEP_SECONDS: {
    group: "worker",
    type: seconds(3600),
    value: 5,
    does: "How long a worker that found no job waits before it looks again.",
  },
  ADMIN_UVICORN_HOSTNAME: { group: "pod", derivedFrom: "services.admin.listenAddress", does: "Where admin listens." },
  ADMIN_UVICORN_NUM_WORKERS: {
    group: "pod",
    derivedFrom: "services.admin.uvicornWorkers",
    does: "Processes of admin.",
  },
  ADMIN_UVICORN_PORT: { group: "pod", derivedFrom: "the port of all servers", does: "Where admin listens." },
  API_UVICORN_HOSTNAME: {
    group: "pod",
    derivedFrom: "services.<name>.listenAddress",
    does: "Where a service listens.",
  },
  API_UVICORN_NUM_WORKERS: {
    group: "pod",
    derivedFrom: "services.<name>.uvicornWorkers",
    does: "Processes of a service.",
  },
  API_UVICORN_PORT: { group: "pod", derivedFrom: "the port of all servers", does: "Where a service listens." },
  CACHE_MAINTENANCE_ACTION: { group: "pod", derivedFrom: "the job", does: "What a job does." },
  DATASETS_BASED_HF_DATASETS_CACHE: {
    group: "pod",
    derivedFrom: "the pool's name",
    does: "Where a worker keeps datasets.",
  },
  PROMETHEUS_MULTIPROC_DIR: {
    group: "pod",
    derivedFrom: "its own volume",
    does: "Where processes leave their metrics.",
  },
  WORKER_DIFFICULTY_MAX: {
    group: "pod",
    derivedFrom: "workers.<pool>.difficulty",
    does: "The hardest jobs of a pool.",
  },
  WORKER_DIFFICULTY_MIN: { group: "pod", derivedFrom: "workers.<pool>.difficulty", does: "A pool's jobs are harder." },
  WORKER_MAX_MEMORY_PCT: {
    group: "pod",
    derivedFrom: "workers.<pool>.maxMemoryPercent",
    does: "A worker takes no job while more of its memory is used.",
  },
  WORKER_MAX_SYSTEM_MEMORY_PCT: {
    group: "pod",
    derivedFrom: "workers.<pool>.maxSystemMemoryPercent",
    does: "A worker takes no job while more of its node's memory is used.",
  },
  WORKER_STATE_FILE_PATH: { group: "pod", derivedFrom: "the worker itself", does: "Where a worker keeps its state." },
  WORKER_UVICORN_HOSTNAME: { group: "pod", derivedFrom: "the address of all workers", does: "Where a worker listens." },
  WORKER_UVICORN_NUM_WORKERS: {
    group: "pod",
    derivedFrom: "the one process of each",
    does: "Processes of a worker's server.",
  },
  WORKER_UVICORN_PORT: { group: "pod", derivedFrom: "the port of all servers", does: "Where a worker listens." },
} as const satisfies Readonly<Record<string, Variable>>;

export type VariableName = keyof typeof variables;

/** The derived variables that workloads share. */
export type SharedDerivedName = {
  [Name in VariableName]: (typeof variables)[Name] extends {
    readonly group: VariableGroup;
    readonly derivedFrom: string;
  }
    ? Name
    : never;
}[VariableName];

const definitions: ReadonlyMap<string, Variable> = new Map(Object.entries(variables));

/** Returns the definition of a variable; undefined where the application has none of that name. */
export function variableNamed(name: string): Variable | undefined {
  return definitions.get(name);
}

/** The variables of the groups, in the order of the catalog. */
export function variablesOf(group: VariableGroup): [string, Variable][] {
  return [...definitions].filter(([, definition]) => definition.group === group);
}

/** The variables of a group that hold a secret, and which. */
export function secretVariablesOf(group: VariableGroup): { readonly name: string; readonly key: SecretKey }[] {
  return variablesOf(group).flatMap(([name, definition]) =>
    "secret" in definition ? [{ name, key: definition.secret }] : [],
  );
}
