import { configKey, describeValue, type Fault } from "./faults";
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
export function permittedRelease(): string | undefined {
  return process.env[variable] || undefined;
}

/** Only objects of the release whose names the stack keeps can be taken over; another release's are somebody else's. */
export function takeOverFaults(identity: StackIdentity, file: StackFile): Fault[] {
  const release = permittedRelease();
  const kept = keptRelease(identity, file);
  const key = configKey(["helm", "release"]);
  if (release === undefined || release === kept) {
    return [];
  }
  const allowed = kept ? `${kept}, which is ${key}` : `none, as stack ${identity.stack} has no ${key}; unset it`;
  return [{ key: variable, problem: `${describeValue(release)} is not allowed; allowed: ${allowed}` }];
}
