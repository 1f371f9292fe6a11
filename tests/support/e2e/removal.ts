import fs from "node:fs/promises";
import { killProcesses } from "../../../tools/cluster/processes";

/** Removes a folder, if it is there, and first ends every process that was started from it. */
export async function removeWithProcesses(folder: string): Promise<void> {
  await killProcesses((commandLine) => commandLine.includes(folder));
  await fs.rm(folder, { recursive: true, force: true, maxRetries: 5 });
}
