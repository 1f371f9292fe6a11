import { protectedKinds, wholeStack } from "../safety/protection";
import { projectName } from "./accounts";
import { type ConfigIssue, unexpected } from "./issues";
import type { StackIdentity } from "./stacks";

/** The environment variable that lets one update delete or replace what it names; `ds deploy --allow` sets it. */
const variable = "DATASETS_SERVER_ALLOW";

/** Tells whether updates of a stack delete or replace its objects of protected kinds only when they are allowed to. */
export function protectsObjects({ kind }: Pick<StackIdentity, "kind">): boolean {
  return kind === "prod" || kind === "prod-CLUSTER";
}

/** Returns what this update may delete or replace: a permission for one update, and so in no stack file. */
export function allowedDeletions(variables: NodeJS.ProcessEnv): string[] {
  return (variables[variable] ?? "").split(/[\s,]+/).filter((entry) => entry !== "");
}

/** Returns the entries that name nothing which an update could need permission for. */
export function allowedDeletionIssues(
  identity: StackIdentity,
  _: unknown,
  variables: NodeJS.ProcessEnv,
): ConfigIssue[] {
  const { stack } = identity;
  const urn = `urn:pulumi:${stack}::${projectName}::`;
  const object = new RegExp(`^(${protectedKinds.join("|")})/[a-z0-9][a-z0-9.-]*$`);
  const known = (entry: string) => entry === wholeStack(stack) || entry.startsWith(urn) || object.test(entry);
  const allowed = protectsObjects(identity)
    ? `an object such as Service/${identity.release}-api, of kind ${protectedKinds.join(", ")}, its URN, or ${wholeStack(stack)} for all`
    : `none, as every run may delete objects of stack ${stack}; unset it`;
  return allowedDeletions(variables)
    .filter((entry) => !protectsObjects(identity) || !known(entry))
    .map((entry) => ({ key: variable, message: unexpected(entry, allowed) }));
}
