import * as pulumi from "@pulumi/pulumi";
import { componentLabel, stackLabels } from "../catalog/names";
import { UserError } from "../cluster/userError";
import type { DatasetsServerArgs } from "../components/buildObjects";
import { type AnyObject, plainObject } from "../components/objects";
import type { StackFacts } from "../policy/inventory";
import { judgeObjects } from "../policy/report";

/**
 * Has all rules look at a stack's objects before any is registered. Shows findings and exceptions as warnings.
 *
 * Throws a UserError when a mandatory rule finds something.
 */
export async function checkRules(objects: readonly AnyObject[], facts: StackFacts): Promise<void> {
  const { refusal, remarks } = judgeObjects(objects.map(plainObject), facts);
  if (remarks !== undefined) {
    await pulumi.log.warn(remarks);
  }
  if (refusal !== undefined) {
    throw new UserError(refusal);
  }
}

/** What the rules must be told of a stack's objects. */
export function factsOf({
  scope,
  endpoints,
  parquetMetadata,
  nodePools,
}: Pick<DatasetsServerArgs, "scope" | "endpoints" | "parquetMetadata" | "nodePools">): StackFacts {
  return {
    stack: scope.stack,
    namespace: scope.namespace,
    internalHosts: endpoints.internal ? [endpoints.internal.host] : [],
    externalClaims: parquetMetadata.create ? [] : [parquetMetadata.claim],
    nodePools,
    selectorLabels: [componentLabel(scope), ...Object.keys(stackLabels(scope))],
  };
}
