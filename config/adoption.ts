import { type ConfigIssue, configKey, unexpected } from "./issues";
import type { StackFile } from "./schema";
import type { StackIdentity } from "./stacks";

/** The environment variable that permits one run to adopt live objects; its value is the Helm release. */
const variable = "DATASETS_SERVER_ADOPT";

/** What the variable was called before. */
const oldVariable = "DATASETS_SERVER_TAKE_OVER";

/** Returns the Helm release whose names a stack keeps. An environment's objects are new, whatever the file's other stack keeps. */
export function keptRelease(
  { kind }: Pick<StackIdentity, "kind">,
  { helm }: Pick<StackFile, "helm">,
): string | undefined {
  return kind === "pr-N" ? undefined : helm?.release;
}

/** Returns the Helm release whose live objects this run may adopt: a permission for one run, and so in no stack file. */
export function permittedRelease(variables: NodeJS.ProcessEnv): string | undefined {
  return variables[variable] || undefined;
}

/**
 * Tells whether the stack file specifies how the stack and a live Helm release in its namespace get along: one adopts the other,
 * or they run beside each other. The namespace of a pull request's environment is its own.
 */
export function specifiesCutover(
  { kind }: Pick<StackIdentity, "kind">,
  { helm, standby }: Pick<StackFile, "helm" | "standby">,
): boolean {
  return kind === "pr-N" || helm !== undefined || standby !== undefined;
}

/** Returns what is wrong with the permission: it must name the release whose names the stack keeps, by the variable's own name. */
export function adoptionIssues(identity: StackIdentity, file: StackFile, variables: NodeJS.ProcessEnv): ConfigIssue[] {
  const renamed = variables[oldVariable]
    ? [{ key: oldVariable, message: `is now called ${variable}; set that one, and unset this` }]
    : [];
  const release = permittedRelease(variables);
  const kept = keptRelease(identity, file);
  if (release === undefined || release === kept) {
    return renamed;
  }
  const key = configKey(["helm", "release"]);
  const allowed = kept ? `${kept}, which is ${key}` : `none, as stack ${identity.stack} has no ${key}; unset it`;
  return [...renamed, { key: variable, message: unexpected(release, allowed) }];
}
