import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { relay } from "./relay";
import { type RealNodeSettings, sockets } from "./settings";

/**
 * Keeps a real node in namespaces of its own, and lets the two sides reach each other. Whatever ends this process ends all
 * that runs in there: the first process inside gets a signal from the kernel when its parent is gone, and takes the others with it.
 */
async function main([settingsFile = ""]: readonly string[]): Promise<void> {
  const settings: RealNodeSettings = JSON.parse(fs.readFileSync(settingsFile, "utf8"));
  const { folder, apiServerPort, loadBalancerPorts } = settings;
  const host = "127.0.0.1";
  const { apiServer, http, https } = sockets(folder);
  await relay({ path: apiServer }, { host, port: apiServerPort });
  await relay({ host, port: loadBalancerPorts.http }, { path: http });
  await relay({ host, port: loadBalancerPorts.https }, { path: https });
  const inside = ["-r", "ts-node/register/transpile-only", path.join(__dirname, "inside.ts"), settingsFile];
  const namespaces = ["--net", "--mount", "--propagation", "slave", "--pid", "--fork", "--kill-child", "--mount-proc"];
  // As the first process of its namespace, the shell also collects whatever containers leave behind.
  const first = ["sh", "-c", '"$@" & wait $!', "sh", process.execPath, ...inside];
  const node = spawn("setpriv", ["--pdeathsig", "KILL", "unshare", ...namespaces, ...first], { stdio: "inherit" });
  node.once("exit", (code) => process.exit(code ?? 1));
}

void main(process.argv.slice(2));
