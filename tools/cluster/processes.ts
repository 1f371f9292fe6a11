import fs from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { run } from "../run";

export interface Process {
  readonly pid: number;
  /** The command and its arguments, joined by spaces. */
  readonly commandLine: string;
}

const pollMs = 20;
const killLimitMs = 10_000;

/** Returns all processes that this user can see and that match. Those that have ended but were not collected are left out. */
export async function findProcesses(matches: (commandLine: string) => boolean): Promise<Process[]> {
  const all = process.platform === "linux" ? await fromProc() : await fromPs();
  return all.filter((candidate) => candidate.pid !== process.pid && matches(candidate.commandLine));
}

/**
 * Kills every process that matches, also those that appear meanwhile, and returns when none is left.
 *
 * @throws when some are still there after 10 seconds.
 */
export async function killProcesses(matches: (commandLine: string) => boolean): Promise<void> {
  const deadline = Date.now() + killLimitMs;
  for (;;) {
    const left = await findProcesses(matches);
    if (left.length === 0) return;
    if (Date.now() > deadline) {
      const shown = left.map(({ pid, commandLine }) => `${pid} ${commandLine}`).join("\n");
      throw new Error(`cannot end these processes; end them yourself and run this again:\n${shown}`);
    }
    for (const { pid } of left) kill(pid);
    await sleep(pollMs);
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended by itself, or is not ours to end: the next look decides.
  }
}

async function fromProc(): Promise<Process[]> {
  const pids = (await fs.readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const processes = await Promise.all(
    pids.map(async (pid) => {
      const raw = await fs.readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
      return { pid: Number(pid), commandLine: raw.split("\0").join(" ").trimEnd() };
    }),
  );
  return processes.filter(({ commandLine }) => commandLine !== "");
}

async function fromPs(): Promise<Process[]> {
  const { stdout } = await run("ps", ["-axww", "-o", "pid=,command="]);
  return stdout.split("\n").flatMap((line) => {
    const [, pid, commandLine] = /^\s*(\d+)\s+(.+)$/.exec(line) ?? [];
    return pid === undefined || commandLine === undefined ? [] : [{ pid: Number(pid), commandLine }];
  });
}
