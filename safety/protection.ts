import type { Effect, Strictness } from "./effects";

/** What one update may do to a stack. */
export interface UpdatePermissions {
  readonly stack: string;
  readonly strictness: Strictness;
  /** Each entry is the subject of an effect, the URN of its object, or the name of the whole stack. */
  readonly allowed: readonly string[];
  /** The command that this update is, less --allow. Default: ds deploy STACK. */
  readonly command?: string;
}

/** An effect, and the object that has it. */
export interface ObjectEffect extends Effect {
  /** Default: only its subject is known. */
  readonly urn?: string;
}

/** How many objects a command names each by itself. */
const longestList = 10;

/** Returns how people name all objects of a stack. */
export function wholeStack(stack: string): string {
  return `Stack/${stack}`;
}

/** Tells whether an update may have an effect without more; one that no permission makes work never is. */
export function isAllowed({ subject, urn, stake, way }: ObjectEffect, permissions: UpdatePermissions): boolean {
  const { stack, strictness, allowed } = permissions;
  if (way !== undefined) return false;
  return (
    strictness[stake] === "told" || [subject, urn, wholeStack(stack)].some((name) => name && allowed.includes(name))
  );
}

/** Returns the message for one effect that is not allowed: the subject, what happens to it, and how to go on. */
export function describeEffect(effect: Effect, permissions: UpdatePermissions): string {
  const { subject, text, way } = effect;
  if (way !== undefined) {
    return [`${subject} ${text}`, `  Next: ${way}`].join("\n");
  }
  return [
    `${subject} ${text}`,
    "  Next, if it is not meant: put it back as it was",
    `  Next, if it is meant, for one update: ${commandOf(permissions)} --allow ${subject}`,
  ].join("\n");
}

/** Returns the message for a preview with such effects: how many there are, and the one command that allows them all. */
export function summarizeEffects(effects: readonly Effect[], permissions: UpdatePermissions): string {
  const { stack, allowed } = permissions;
  const subjects = [...new Set(effects.map(({ subject }) => subject))];
  const meant = new Set(effects.filter(({ way }) => way === undefined).map(({ subject }) => subject));
  const names = [...allowed, ...[...meant].sort()];
  const permission = names.length > longestList ? wholeStack(stack) : names.join(" ");
  const verbs = (["delete", "change"] as const).filter((verb) => effects.some((effect) => effect.verb === verb));
  const resources = subjects.length === 1 ? "1 protected resource" : `${subjects.length} protected resources`;
  return [
    `this update would ${verbs.join(" or ")} ${resources} of stack ${stack}; no changes were made`,
    ...(meant.size > 0
      ? [
          `Next, if all of it is meant, for one update: ${commandOf(permissions)} --allow ${permission}`,
          ...(permissions.command === undefined
            ? [`  or, for any command of Pulumi's: DATASETS_SERVER_ALLOW="${permission}" pulumi up -s ${stack}`]
            : []),
          "  First read docs/runbook.md, Delete or replace on purpose",
        ]
      : []),
  ].join("\n");
}

function commandOf({ stack, command = `ds deploy ${stack}` }: UpdatePermissions): string {
  return command;
}
