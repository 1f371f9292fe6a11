import { z } from "zod";
import { projectName } from "../../config/accounts";
import { formatDuration } from "../../tools/progress";
import { parseJson } from "../lib/json";
import type { StateAddress } from "../lib/stateAddress";
import type { StateStore } from "./store";

/** What Pulumi writes into a lock: the run that holds it. */
const content = z.object({
  pid: z.number(),
  username: z.string(),
  hostname: z.string(),
  timestamp: z.string(),
});

/** A lock of a stack: while it is there, Pulumi refuses any other run that could change the stack. */
export interface Lock extends z.infer<typeof content> {
  /** Where it is in the state. */
  readonly key: string;
}

/** The locks of a stack. One that is released meanwhile is left out. */
export async function readLocks(store: StateStore, stack: string): Promise<Lock[]> {
  const keys = await store.list(`.pulumi/locks/organization/${projectName}/${stack}/`);
  const locks = await Promise.all(
    keys.filter((key) => key.endsWith(".json")).map(async (key) => parseLock(key, await store.read(key))),
  );
  return locks.flatMap((lock) => lock ?? []);
}

function parseLock(key: string, text: string | undefined): Lock | undefined {
  if (text === undefined) return undefined;
  // A run that is killed while it writes leaves an empty lock, which Pulumi cannot read either.
  const parsed = content.safeParse(parseJson(text));
  const unknown = { pid: 0, username: "unknown", hostname: "unknown", timestamp: "" };
  return { key, ...(parsed.success ? parsed.data : unknown) };
}

/**
 * Describes who holds a lock, since when, and for how long by now. The process id is for the admin of that machine: whether that
 * run goes on cannot be told from here, as machines, containers and CI runners share host names.
 */
export function describeLock({ username, hostname, pid, timestamp }: Lock, now: Date): string {
  const age = now.getTime() - Date.parse(timestamp);
  const since = Number.isNaN(age) ? "" : ` since ${timestamp}, for ${formatDuration(Math.max(age, 0))}`;
  return `${username}@${hostname} (pid ${pid})${since}`;
}

/** Returns the command that removes the locks of a stack. The state of an environment on the local cluster is in a folder. */
export function unlockCommand(stack: string, { kind }: StateAddress): string {
  return `ds unlock ${stack}${kind === "file" && stack.startsWith("pr-") ? " --local" : ""}`;
}
