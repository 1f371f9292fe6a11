import { type StdioOptions, spawn } from "node:child_process";
import os from "node:os";
import type { Readable } from "node:stream";

export interface RunResult {
  /** The exit code; 128 + the signal's number when a signal ended the command, as a shell reports it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  /** The whole environment of the command. Default: that of this process. */
  readonly env?: NodeJS.ProcessEnv;
  /** Milliseconds after which the command is ended and the call throws. Default: no limit. */
  readonly timeoutMs?: number;
  /**
   * `inherit` gives the command this terminal, and the result's texts are empty. `tee` does too, and the result has
   * what went to stderr on its way to the terminal. Default: `pipe`, with no input.
   */
  readonly stdio?: "pipe" | "inherit" | "tee";
  /** Ends the command when it is aborted; the call then throws. */
  readonly signal?: AbortSignal;
}

const graceBeforeKillMs = 2_000;

const streams: Readonly<Record<NonNullable<RunOptions["stdio"]>, StdioOptions>> = {
  pipe: ["ignore", "pipe", "pipe"],
  inherit: "inherit",
  tee: ["inherit", "inherit", "pipe"],
};

/**
 * Runs a command without a shell. A non-zero exit is a result, not an error.
 *
 * @throws when the command cannot be started, or runs longer than `timeoutMs`.
 */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const { cwd, env = process.env, timeoutMs, stdio = "pipe", signal } = options;
  const shown = [command, ...args].join(" ");
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, signal, stdio: streams[stdio] });
    if (stdio === "tee") child.stderr?.pipe(process.stderr, { end: false });
    const stdout = collect(child.stdout);
    const stderr = collect(child.stderr);
    const limit = afterMs(timeoutMs, () => {
      child.kill("SIGTERM");
      setTimeout(() => child.kill("SIGKILL"), graceBeforeKillMs).unref();
      // A grandchild may hold the pipes open for long, so the answer does not wait for them to close.
      child.stdout?.destroy();
      child.stderr?.destroy();
      reject(new Error(`${shown} did not end within ${(timeoutMs ?? 0) / 1000} s${lastOutput(stdout(), stderr())}`));
    });
    child.once("error", (error) => {
      clearTimeout(limit);
      reject(new Error(`cannot run ${shown}: ${error.message}`, { cause: error }));
    });
    child.once("close", (code, signal) => {
      clearTimeout(limit);
      resolve({ code: code ?? signalCode(signal), stdout: stdout(), stderr: stderr() });
    });
  });
}

function collect(stream: Readable | null): () => string {
  const chunks: string[] = [];
  if (stream === null) return () => "";
  stream.setEncoding("utf8").on("data", (chunk: string) => chunks.push(chunk));
  return () => chunks.join("");
}

function afterMs(timeoutMs: number | undefined, action: () => void): NodeJS.Timeout | undefined {
  return timeoutMs === undefined ? undefined : setTimeout(action, timeoutMs);
}

function signalCode(signal: NodeJS.Signals | null): number {
  return signal === null ? 1 : 128 + os.constants.signals[signal];
}

function lastOutput(stdout: string, stderr: string): string {
  const end = `${stdout}${stderr}`.trimEnd().split("\n").slice(-5).join("\n");
  return end === "" ? "" : `; its last output:\n${end}`;
}
