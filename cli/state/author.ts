import os from "node:os";

/** The engine's commands that leave a record in the history of a stack. */
const recorded: readonly (string | undefined)[] = ["up", "refresh", "destroy"];

const prefix = "by ";

/**
 * The engine's command with a message that says who gives it: without a service behind it, the engine records the author
 * of the commit and nobody else. A message among the arguments stays.
 */
export function signed(args: readonly string[], environment: NodeJS.ProcessEnv): readonly string[] {
  const [command = "", ...rest] = args;
  return recorded.includes(command) ? [command, "--message", authoredMessage(environment), ...rest] : args;
}

/** The message of an update that says who makes it. */
export function authoredMessage(environment: NodeJS.ProcessEnv): string {
  return prefix + authorOf(environment);
}

/** Who is named by the message of an update; undefined where it says something else. */
export function signedBy(message: string): string | undefined {
  return message.startsWith(prefix) ? message.slice(prefix.length) : undefined;
}

/** In a GitHub workflow whoever started it and which run it is, else the user of this machine. */
function authorOf({ GITHUB_ACTOR, GITHUB_RUN_ID }: NodeJS.ProcessEnv): string {
  return GITHUB_ACTOR && GITHUB_RUN_ID
    ? `${GITHUB_ACTOR} in run ${GITHUB_RUN_ID}`
    : `${os.userInfo().username}@${os.hostname()}`;
}
