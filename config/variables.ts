import { readersOf } from "../catalog/readers";
import { type VariableGroup, variableGroups } from "../catalog/variableGroups";
import { type SharedDerivedName, variableNamed, variablesOf } from "../catalog/variables";
import type { Variables } from "../components/foundation/settings";
import { settable } from "./env";
import { fileWorkloads } from "./fileWorkloads";
import { type ConfigIssue, configKey, suggest } from "./issues";
import type { StackFile } from "./schema";
import type { StackIdentity } from "./stacks";

/** Returns the variables that a workload is given and does not read. */
export function unreadVariableIssues(_: StackIdentity, file: StackFile): ConfigIssue[] {
  return fileWorkloads(file).flatMap(({ key, env, groups }) =>
    Object.keys(env).flatMap((name) => {
      const definition = variableNamed(name);
      if (definition === undefined || definition.group === "pod" || groups.includes(definition.group)) {
        return [];
      }
      const read = groups.flatMap(variablesOf).map(([other]) => other);
      const message = `${key.at(-1)} does not read it, but ${readersOf(definition.group).join(", ")}`;
      const suggestion = suggest(name, read);
      return [{ key: configKey([...key, "env", name]), message: suggestion ? `${message}; ${suggestion}` : message }];
    }),
  );
}

/** Where things are that more than one workload must agree on. */
export interface Places {
  /** The public host name. */
  readonly host: string;
  /** Where the shared volume of parquet metadata is mounted. */
  readonly parquetMetadata: string;
}

/** The variables that no secret is in, by group, with what is derived from a stack's own values of them. */
export function groupVariables(env: Variables, places: Places): ReadonlyMap<VariableGroup, Variables> {
  const values: ReadonlyMap<string, string> = new Map([
    ...settable.flatMap(({ name, definition: { value } }) =>
      value === undefined ? [] : [[name, String(value)] as const],
    ),
    ...Object.entries(env),
  ]);
  const derived = new Map<string, string>(
    Object.entries(
      derivedVariables(places, {
        endpoint: values.get("COMMON_HF_ENDPOINT") ?? "",
        protocol: values.get("ASSETS_STORAGE_PROTOCOL") ?? "",
      }),
    ),
  );
  return new Map(
    variableGroups.map((group) => {
      const set = variablesOf(group).flatMap(([name]) => {
        const value = derived.get(name) ?? values.get(name);
        return value === undefined ? [] : [[name, value]];
      });
      return [group, Object.fromEntries(set)];
    }),
  );
}

function derivedVariables(
  { host, parquetMetadata }: Places,
  { endpoint, protocol }: { readonly endpoint: string; readonly protocol: string },
): Readonly<Record<SharedDerivedName, string>> {
  const parquetRevision = "refs/convert/parquet";
  return {
    API_HF_JWT_PUBLIC_KEY_URL: `${endpoint}/api/keys/jwt`,
    ASSETS_BASE_URL: `https://${host}/assets`,
    CACHED_ASSETS_BASE_URL: `https://${host}/cached-assets`,
    CACHED_ASSETS_STORAGE_PROTOCOL: protocol,
    CACHE_MONGO_DATABASE: "datasets_server_cache",
    DATABASE_MIGRATIONS_MONGO_DATABASE: "datasets_server_maintenance",
    DESCRIPTIVE_STATISTICS_CACHE_DIRECTORY: "/tmp/stats-cache",
    DISCUSSIONS_PARQUET_REVISION: parquetRevision,
    DUCKDB_INDEX_CACHE_DIRECTORY: "/tmp/duckdb-index",
    DUCKDB_INDEX_EXTENSIONS_DIRECTORY: "/tmp/duckdb-extensions",
    HF_ENDPOINT: endpoint,
    HF_HOME: "/tmp/hf",
    NUMBA_CACHE_DIR: "/tmp/numba-cache",
    PARQUET_AND_INFO_TARGET_REVISION: parquetRevision,
    PARQUET_METADATA_STORAGE_DIRECTORY: parquetMetadata,
    QUEUE_MONGO_DATABASE: "datasets_server_queue",
    TMPDIR: "/tmp",
  };
}
