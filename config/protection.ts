import { loadBalancerKind, protectedKinds, type Strictness } from "../safety/effects";
import { wholeStack } from "../safety/protection";
import { projectName } from "./accounts";
import { type ConfigIssue, unexpected } from "./issues";
import type { StackIdentity } from "./stacks";

/** The environment variable that lets one update do what it names; `ds deploy --allow` sets it. */
const variable = "DATASETS_SERVER_ALLOW";

const production = { data: "allow", traffic: "allow", notice: "told" } as const;

/** What an update of each kind of stack asks for, by what it may cost. */
const strictness: Readonly<Record<StackIdentity["kind"], Strictness>> = {
  prod: production,
  "prod-CLUSTER": production,
  // Staging is where a change may show what it does, and others' data are in it.
  ephemeral: { data: "allow", traffic: "told", notice: "told" },
  "pr-N": { data: "allow", traffic: "told", notice: "told" },
  local: { data: "told", traffic: "told", notice: "told" },
};

/** Returns what an update of a stack asks for, by what it may cost. */
export function strictnessOf({ kind }: Pick<StackIdentity, "kind">): Strictness {
  return strictness[kind];
}

/** Returns what this update may lose: a permission for one update, and so in no stack file. */
export function allowedEffects(variables: NodeJS.ProcessEnv): string[] {
  return (variables[variable] ?? "").split(/[\s,]+/).filter((entry) => entry !== "");
}

/** Returns the entries that name nothing which an update could need permission for. */
export function allowedEffectIssues(identity: StackIdentity, _: unknown, variables: NodeJS.ProcessEnv): ConfigIssue[] {
  const { stack } = identity;
  const urn = `urn:pulumi:${stack}::${projectName}::`;
  const kinds = [...protectedKinds, loadBalancerKind];
  const object = new RegExp(`^(${kinds.join("|")})/[a-z0-9][a-z0-9.-]*$`);
  const known = (entry: string) => entry === wholeStack(stack) || entry.startsWith(urn) || object.test(entry);
  const asks = Object.values(strictnessOf(identity)).includes("allow");
  const allowed = asks
    ? `an object such as Service/${identity.release}-api, of kind ${kinds.join(", ")}, its URN, or ${wholeStack(stack)} for all`
    : `none, as every update of stack ${stack} may do what it does; unset it`;
  return allowedEffects(variables)
    .filter((entry) => !asks || !known(entry))
    .map((entry) => ({ key: variable, message: unexpected(entry, allowed) }));
}
