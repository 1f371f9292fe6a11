import { keptKinds, wholeStack } from "../components/losses";
import { projectName } from "./accounts";
import type { ConfigIssue } from "./issues";
import type { StackIdentity } from "./stacks";

/** The environment variable that lets one run delete or replace what it names. */
const variable = "DATASETS_SERVER_ALLOW";

/** Whether the objects of a stack that carry its traffic and data are kept from being deleted or replaced. */
export function keepsObjects({ kind }: Pick<StackIdentity, "kind">): boolean {
  return kind === "prod" || kind === "prod-CLUSTER";
}

/** What this run may delete or replace: a permission for one run, and so in no stack file. */
export function allowedLosses(variables: NodeJS.ProcessEnv): string[] {
  return (variables[variable] ?? "").split(/[\s,]+/).filter((entry) => entry !== "");
}

/** Whether the run deletes what is allowed shows at the end of its preview; here, whether it could. */
export function allowedLossIssues(identity: StackIdentity, _: unknown, variables: NodeJS.ProcessEnv): ConfigIssue[] {
  const { stack } = identity;
  const urn = `urn:pulumi:${stack}::${projectName}::`;
  const object = new RegExp(`^(${keptKinds.join("|")})/[a-z0-9][a-z0-9.-]*$`);
  const known = (entry: string) => entry === wholeStack(stack) || entry.startsWith(urn) || object.test(entry);
  const allowed = keepsObjects(identity)
    ? `an object such as Service/${identity.release}-api, of kind ${keptKinds.join(", ")}, its URN, or ${wholeStack(stack)} for all`
    : `none, as every run may delete objects of stack ${stack}; unset it`;
  return allowedLosses(variables)
    .filter((entry) => !keepsObjects(identity) || !known(entry))
    .map((entry) => ({ key: variable, message: `${JSON.stringify(entry)} is not allowed; allowed: ${allowed}` }));
}
