import { parseQuantity } from "../catalog/quantity";
import { parquetMetadataSize } from "./environment";
import { type ConfigIssue, configKey, unexpected } from "./issues";
import type { StackFile } from "./schema";
import type { StackIdentity } from "./stacks";

/** Returns the issue of a quota that has no room for the volumes of a pull request: rules see pods, and no volumes. */
export function quotaIssues({ kind }: StackIdentity, { pullRequest, mongodb }: StackFile): ConfigIssue[] {
  if (kind !== "pr-N" || !pullRequest || !mongodb) {
    return [];
  }
  const { storage } = pullRequest.quota;
  const bytes = (amount: string) => parseQuantity(amount) ?? 0;
  const isEnough = bytes(storage) >= bytes(parquetMetadataSize) + bytes(mongodb.storage);
  const expected = `at least ${parquetMetadataSize} for parquet metadata and mongodb.storage, ${mongodb.storage}`;
  return isEnough
    ? []
    : [{ key: configKey(["pullRequest", "quota", "storage"]), message: unexpected(storage, expected) }];
}
