import { readlink } from "node:fs/promises";
import * as net from "node:net";
import { findProcesses, killProcesses, type Process } from "../../../tools/cluster/processes";
import { run } from "../../../tools/run";

/** Processes that an engine starts, each with the engine's address among its arguments. */
const startedByEngine =
  /(?:\/pulumi-(?:language|resource)-[^\s/]+ (?:.* )?|\/@pulumi\/pulumi\/cmd\/run\S* .*--engine )127\.0\.0\.1:(\d+)(?: |$)/;

/** The engine's port, where a command line is that of its language host, a provider or the program. */
function enginePort(commandLine: string): number | undefined {
  const [, port] = startedByEngine.exec(commandLine) ?? [];
  return port === undefined ? undefined : Number(port);
}

/**
 * Ends what a killed engine left running for the project in `folder`: its language host, its providers and the program. So
 * a test plays a machine that is switched off; no command of ours ends a process of an engine.
 */
export async function endOrphans(folder: string): Promise<void> {
  const candidates = await findProcesses((commandLine) => enginePort(commandLine) !== undefined);
  const verdicts = await Promise.all(candidates.map((candidate) => isOrphan(candidate, folder)));
  const orphans = candidates.filter((_, index) => verdicts[index]);
  const commandLines = new Set(orphans.map(({ commandLine }) => commandLine));
  // The port in it makes each command line the only one of its kind.
  await killProcesses((commandLine) => commandLines.has(commandLine));
}

async function isOrphan(candidate: Process, folder: string): Promise<boolean> {
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
