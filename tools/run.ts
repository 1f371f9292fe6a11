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
  /** Milliseconds after which the command is killed and the call throws. Default: no limit. */
  readonly timeoutMs?: number;
  /** `inherit` gives the command this terminal, and the result's texts are empty. Default: `pipe`, with no input. */
  readonly stdio?: "pipe" | "inherit";
  /** Receives what the command prints, as it comes; its input is then that of this process. Default: nothing does. */
  readonly tee?: Readonly<Record<"stdout" | "stderr", (chunk: string) => void>>;
  /** Ends the command when it is aborted; the call then throws. */
  readonly signal?: AbortSignal;
}

/**
 * Runs a command without a shell. A non-zero exit is a result, not an error.
 *
 * @throws when the command cannot be started, or runs longer than `timeoutMs`.
 */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const { cwd, env = process.env, timeoutMs, stdio, tee, signal } = options;
  const streams: StdioOptions = stdio === "inherit" ? "inherit" : [tee ? "inherit" : "ignore", "pipe", "pipe"];
  const shown = [command, ...args].join(" ");
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, signal, stdio: streams });
    const stdout = collect(child.stdout, tee?.stdout);
    const stderr = collect(child.stderr, tee?.stderr);
    const tooLong = () => {
      child.kill("SIGKILL");
      // A grandchild may hold the pipes open for long, so the answer does not wait for them to close.
      child.stdout?.destroy();
      child.stderr?.destroy();
      const end = `${stdout()}${stderr()}`.trimEnd().split("\n").slice(-5).join("\n");
      const lastOutput = end === "" ? "" : `; its last output:\n${end}`;
      reject(new Error(`${shown} did not end within ${(timeoutMs ?? 0) / 1000} s${lastOutput}`));
    };
    const limit = timeoutMs === undefined ? undefined : setTimeout(tooLong, timeoutMs);
    child.once("error", (error) => {
      clearTimeout(limit);
      reject(new Error(`cannot run ${shown}: ${error.message}`, { cause: error }));
    });
    child.once("close", (code, endedBy) => {
      clearTimeout(limit);
      const signalCode = endedBy === null ? 1 : 128 + os.constants.signals[endedBy];
      resolve({ code: code ?? signalCode, stdout: stdout(), stderr: stderr() });
    });
  });
}

function collect(stream: Readable | null, onChunk?: (chunk: string) => void): () => string {
  const chunks: string[] = [];
  stream?.setEncoding("utf8").on("data", (chunk: string) => {
    chunks.push(chunk);
    onChunk?.(chunk);
  });
  return () => chunks.join("");
}
