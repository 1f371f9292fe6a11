import os from "node:os";

/** The commands of Pulumi that leave a record in the history of a stack. */
const recorded: readonly (string | undefined)[] = ["up", "refresh", "destroy"];

const prefix = "by ";

/**
 * Returns a command of Pulumi with a message that names its author: without a service behind it, Pulumi records the author
 * of the commit only. A message among the arguments stays.
 */
export function withAuthor(args: readonly string[], environment: NodeJS.ProcessEnv): readonly string[] {
  const [command = "", ...rest] = args;
  return recorded.includes(command) ? [command, "--message", authorMessage(environment), ...rest] : args;
}

/** Returns the message of an update that names its author: in a GitHub workflow its actor and run, else this machine's user. */
export function authorMessage({ GITHUB_ACTOR, GITHUB_RUN_ID }: NodeJS.ProcessEnv): string {
  const author =
    GITHUB_ACTOR && GITHUB_RUN_ID
      ? `${GITHUB_ACTOR} in run ${GITHUB_RUN_ID}`
      : `${os.userInfo().username}@${os.hostname()}`;
  return prefix + author;
}

/** Returns the author that the message of an update names; undefined where it is another message. */
export function authorIn(message: string): string | undefined {
  return message.startsWith(prefix) ? message.slice(prefix.length) : undefined;
}
