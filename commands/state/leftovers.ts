import { readlink } from "node:fs/promises";
import * as net from "node:net";
import { findProcesses, killProcesses, type Process } from "../../tools/cluster/processes";
import { run } from "../../tools/run";

/** Processes that an engine starts, each with the engine's address among its arguments. */
const startedByEngine =
  /(?:\/pulumi-(?:language|resource)-[^\s/]+ (?:.* )?|\/@pulumi\/pulumi\/cmd\/run\S* .*--engine )127\.0\.0\.1:(\d+)(?: |$)/;

/** The engine's port, where a command line is that of its language host, a provider or the program. */
export function enginePort(commandLine: string): number | undefined {
  const [, port] = startedByEngine.exec(commandLine) ?? [];
  return port === undefined ? undefined : Number(port);
}

/**
 * Ends what a killed engine left running for the project in `folder`: its language host, its providers and the program.
 *
 * Such a process serves an engine that answers no more, so that no run under way can be meant. Returns what was ended.
 */
export async function endLeftovers(folder: string): Promise<readonly Process[]> {
  const candidates = await findProcesses((commandLine) => enginePort(commandLine) !== undefined);
  const verdicts = await Promise.all(candidates.map((candidate) => isLeftover(candidate, folder)));
  const leftovers = candidates.filter((_, index) => verdicts[index]);
  const commandLines = new Set(leftovers.map(({ commandLine }) => commandLine));
  // The port in it makes each command line the only one of its kind.
  await killProcesses((commandLine) => commandLines.has(commandLine));
  return leftovers;
}

async function isLeftover(candidate: Process, folder: string): Promise<boolean> {
  return (await workingFolder(candidate.pid)) === folder && (await hasLostEngine(candidate));
}

/** Whether a process serves an engine that answers no more. An engine that ends early can leave its language host for minutes. */
export async function hasLostEngine({ commandLine }: Process): Promise<boolean> {
  const port = enginePort(commandLine);
  return port !== undefined && !(await answers(port));
}

async function workingFolder(pid: number): Promise<string | undefined> {
  if (process.platform === "linux") {
    return readlink(`/proc/${pid}/cwd`).catch(() => undefined);
  }
  const { stdout } = await run("lsof", ["-a", "-p", String(pid), "-d", "cwd", "-Fn"]);
  return /^n(.+)$/m.exec(stdout)?.[1];
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true));
    socket.once("error", () => resolve(false));
    socket.once("close", () => socket.destroy());
    socket.once("connect", () => socket.end());
  });
}
