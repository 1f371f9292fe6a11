import { type ConfigIssue, configKey, unexpected } from "./issues";
import type { StackFile } from "./schema";
import type { StackIdentity } from "./stacks";

/** The environment variable that permits one run to take over live objects; its value is the Helm release. */
const variable = "DATASETS_SERVER_TAKE_OVER";

/** The Helm release whose names a stack keeps. A pull request's objects are new, whatever the file's other stack keeps. */
export function keptRelease(
  { kind }: Pick<StackIdentity, "kind">,
  { helm }: Pick<StackFile, "helm">,
): string | undefined {
  return kind === "pr-N" ? undefined : helm?.release;
}

/** The Helm release whose live objects this run may take over: a permission for one run, and so in no stack file. */
export function permittedRelease(variables: NodeJS.ProcessEnv): string | undefined {
  return variables[variable] || undefined;
}

/**
 * Whether the stack file specifies how the stack and a live Helm release in its namespace get along: one adopts the other, or
 * they run beside each other. The namespace of a pull request's environment is its own.
 */
export function specifiesCutover(
  { kind }: Pick<StackIdentity, "kind">,
  { helm, standby }: Pick<StackFile, "helm" | "standby">,
): boolean {
  return kind === "pr-N" || helm !== undefined || standby !== undefined;
}

/** Only objects of the release whose names the stack keeps can be taken over; another release's are somebody else's. */
export function takeOverIssues(identity: StackIdentity, file: StackFile, variables: NodeJS.ProcessEnv): ConfigIssue[] {
  const release = permittedRelease(variables);
  const kept = keptRelease(identity, file);
  const key = configKey(["helm", "release"]);
  if (release === undefined || release === kept) {
    return [];
  }
  const allowed = kept ? `${kept}, which is ${key}` : `none, as stack ${identity.stack} has no ${key}; unset it`;
  return [{ key: variable, message: unexpected(release, allowed) }];
}
