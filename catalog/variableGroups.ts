/** The groups of variables that the same workloads read. A workload reads whole groups, and a shared one is one ConfigMap. */
export const variableGroups = [
  "admin",
  "assets",
  "cache",
  "cached-assets",
  "cloudfront",
  "committer",
  "common",
  "discussions",
  "duckdb-index",
  "hf-home",
  "hub-api",
  "log",
  "max-age",
  "migration",
  "numba",
  "parquet-metadata",
  "queue",
  "rows-index",
  "s3",
  "secrets",
  "webhook",
  "worker",
] as const;

export type VariableGroup = (typeof variableGroups)[number];
