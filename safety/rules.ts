import * as pulumi from "@pulumi/pulumi";
import { componentLabel, stackLabels } from "../catalog/names";
import { UserError } from "../cluster/userError";
import type { DatasetsServerArgs } from "../components/buildObjects";
import { type AnyObject, plainObject } from "../components/objects";
import type { StackFacts } from "../policy/inventory";
import type { Level } from "../policy/rule";
import { exceptionText, reviewObjects, violationText } from "../policy/rules";

/**
 * Has all rules look at a stack's objects before any is registered. Shows as a warning what advisory rules find, and which
 * exceptions are in use.
 *
 * Throws a UserError when a mandatory rule finds something.
 */
export async function checkRules(objects: readonly AnyObject[], facts: StackFacts): Promise<void> {
  const { violations, exceptions } = reviewObjects(objects.map(plainObject), facts);
  const texts = (wanted: Level) => violations.filter(({ level }) => level === wanted).map(violationText);
  const remarks = [...texts("advisory"), ...exceptions.map(exceptionText)];
  if (remarks.length > 0) {
    await pulumi.log.warn(withLines(`the rules on the objects of stack ${facts.stack}; docs/rules.md`, remarks));
  }
  const mandatory = texts("mandatory");
  if (mandatory.length > 0) {
    const count = mandatory.length === 1 ? "1 violation" : `${mandatory.length} violations`;
    throw new UserError(
      withLines(`the rules find ${count} in the objects of stack ${facts.stack}; no changes were made`, mandatory),
      "fix each in the program; docs/rules.md says what each rule is for",
    );
  }
}

/** Returns what the rules must be told of a stack's objects. */
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

function withLines(title: string, lines: readonly string[]): string {
  return [`${title}:`, ...lines.map((line) => `  ${line}`)].join("\n");
}
