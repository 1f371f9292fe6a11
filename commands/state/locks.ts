import os from "node:os";
import { z } from "zod";
import { projectName } from "../../config/accounts";
import { findProcesses } from "../../tools/cluster/processes";
import { formatDuration } from "../../tools/progress";
import { parseJson } from "../json";
import type { StateStore } from "./store";

/** What the engine writes into a lock: the run that holds it. */
const content = z.object({
  pid: z.number(),
  username: z.string(),
  hostname: z.string(),
  timestamp: z.string(),
});

/** A lock of a stack: while it is there, the engine refuses any other run that could change the stack. */
export interface Lock extends z.infer<typeof content> {
  /** Where it is in the state. */
  readonly key: string;
}

/** Whoever asks whether a lock's run still goes on. */
export interface Machine {
  readonly hostname: string;
  readonly username: string;
  /** Whether an engine runs here by this process id. */
  readonly runsEngine: (pid: number) => Promise<boolean>;
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
  // A run that is killed while it writes leaves an empty lock, which the engine cannot read either.
  const parsed = content.safeParse(parseJson(text));
  const unknown = { pid: 0, username: "somebody", hostname: "an unknown host", timestamp: "" };
  return { key, ...(parsed.success ? parsed.data : unknown) };
}

/** This machine, as the engine names it in locks. */
export function thisMachine(): Machine {
  return {
    hostname: os.hostname(),
    username: os.userInfo().username,
    runsEngine: async (pid) => {
      const engines = await findProcesses((commandLine) => /^\S*pulumi[^\s/]*( |$)/.test(commandLine));
      return engines.some((engine) => engine.pid === pid);
    },
  };
}

/** Who holds a lock, since when, and for how long by now. */
export function describeLock({ username, hostname, pid, timestamp }: Lock, now: Date): string {
  const age = now.getTime() - Date.parse(timestamp);
  const since = Number.isNaN(age) ? "" : ` since ${timestamp}, for ${formatDuration(Math.max(age, 0))}`;
  return `${username}@${hostname} (pid ${pid})${since}`;
}

/**
 * `dead`: its run was on this machine, by this user, and has ended. `here`: its run goes on on this machine. `elsewhere`:
 * nobody on this machine can tell.
 */
export async function lockState(lock: Lock, machine: Machine): Promise<"dead" | "here" | "elsewhere"> {
  if (lock.hostname !== machine.hostname || lock.username !== machine.username) return "elsewhere";
  return (await machine.runsEngine(lock.pid)) ? "here" : "dead";
}
