import { spawn, spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { enterCgroup } from "./cgroups";
import { containerdConfig, kubeletConfig, podNetwork } from "./configuration";
import { connectProxy, relay } from "./relay";
import { addresses, containerdSocket, importing, nodeName, type RealNodeSettings, sockets } from "./settings";

const startLimitMs = 30_000;
const restartMs = 500;

/** Starts a node in the namespaces that it is in. */
async function main([settingsFile = ""]: readonly string[]): Promise<void> {
  const settings: RealNodeSettings = JSON.parse(fs.readFileSync(settingsFile, "utf8"));
  const { folder, kubeconfig, tools } = settings;
  prepare(settings);
  await connectBothSides(settings);
  part(settings, "containerd", "containerd", ["--config", path.join(folder, "containerd.toml")]);
  await until("containerd answers", () => fs.existsSync(containerdSocket));
  succeeds("ctr", importing(settings.images));
  part(settings, "kubelet", tools.kubelet, [
    `--config=${path.join(folder, "kubelet.json")}`,
    `--kubeconfig=${kubeconfig}`,
    `--hostname-override=${nodeName}`,
    `--node-ip=${addresses.node}`,
    `--root-dir=${path.join(folder, "kubelet")}`,
    `--cert-dir=${path.join(folder, "kubelet", "pki")}`,
  ]);
  part(settings, "kube-proxy", tools["kube-proxy"], [
    `--kubeconfig=${kubeconfig}`,
    `--hostname-override=${nodeName}`,
    `--cluster-cidr=${addresses.pods}`,
    "--proxy-mode=nftables",
    // The machine's own limits stay as they are.
    "--conntrack-max-per-core=0",
    "--conntrack-tcp-timeout-established=0s",
    "--conntrack-tcp-timeout-close-wait=0s",
  ]);
  part(settings, "kube-router", tools["kube-router"], [
    `--kubeconfig=${kubeconfig}`,
    `--hostname-override=${nodeName}`,
    `--service-cluster-ip-range=${addresses.services}`,
    "--run-firewall=true",
    "--run-router=false",
    "--run-service-proxy=false",
  ]);
  const addons = path.join(__dirname, "../addons/main.ts");
  part(settings, "addons", process.execPath, [
    ...["-r", "ts-node/register/transpile-only", addons],
    ...["--kubeconfig", kubeconfig, "--dns", addresses.dns, "--http", "80", "--https", "443"],
  ]);
}

/** Makes the namespace's network, the folders, and the files that the parts read. */
function prepare({ folder, id, pauseImage }: RealNodeSettings): void {
  // Its removal waits for all that is in there.
  enterCgroup(id);
  // Sockets of containerd and its shims, locks of iptables, names of pods' namespaces: all go with the mount namespace.
  succeeds("mount", ["-t", "tmpfs", "tmpfs", "/run"]);
  hideMachinesOwn(folder);
  succeeds("ip", ["link", "set", "lo", "up"]);
  succeeds("ip", ["link", "add", "node0", "type", "bridge"]);
  for (const address of [`${addresses.node}/24`, `${addresses.dns}/32`])
    succeeds("ip", ["addr", "add", address, "dev", "node0"]);
  succeeds("ip", ["link", "set", "node0", "up"]);
  // There is no way out; the parts want to know by which interface there would be.
  succeeds("ip", ["route", "add", "default", "dev", "node0"]);
  fs.writeFileSync("/proc/sys/net/ipv4/ip_forward", "1");
  const files = {
    "containerd.toml": containerdConfig({ folder, socket: containerdSocket, pauseImage }),
    "kubelet.json": JSON.stringify(kubeletConfig({ folder, id, socket: containerdSocket })),
    "cni/10-pods.conflist": JSON.stringify(podNetwork()),
    "resolv.conf": `nameserver ${addresses.dns}\n`,
  };
  for (const name of ["cni", "containerd", "kubelet", "logs"])
    fs.mkdirSync(path.join(folder, name), { recursive: true });
  for (const [name, text] of Object.entries(files)) fs.writeFileSync(path.join(folder, name), text);
}

/**
 * Gives the node folders of its own where containerd and the kubelet write to fixed paths: /var/lib/cni, /var/lib/kubelet,
 * /var/log/pods and /var/log/containers. All else in /var/lib stays, as a workspace may be there.
 */
function hideMachinesOwn(folder: string): void {
  const logs = path.join(folder, "log");
  fs.mkdirSync(logs, { recursive: true });
  succeeds("mount", ["--bind", logs, "/var/log"]);
  const machines = "/run/machine/lib";
  fs.mkdirSync(machines, { recursive: true });
  succeeds("mount", ["--rbind", "/var/lib", machines]);
  succeeds("mount", ["-t", "tmpfs", "tmpfs", "/var/lib"]);
  for (const entry of fs.readdirSync(machines, { withFileTypes: true })) {
    if (!entry.isDirectory() || ["cni", "kubelet"].includes(entry.name)) continue;
    const kept = path.join("/var/lib", entry.name);
    fs.mkdirSync(kept);
    succeeds("mount", ["--rbind", path.join(machines, entry.name), kept]);
  }
}

async function connectBothSides({ folder, apiServerPort }: RealNodeSettings): Promise<void> {
  const host = "127.0.0.1";
  const { apiServer, connect, http, https } = sockets(folder);
  await relay({ host, port: apiServerPort }, { path: apiServer });
  await connectProxy({ path: connect });
  await relay({ path: http }, { host, port: 80 });
  await relay({ path: https }, { host, port: 443 });
}

/** Starts a part of the node, whose output goes to its own file, and again when it ends, as systemd or a DaemonSet would. */
function part(settings: RealNodeSettings, name: string, command: string, args: readonly string[]): void {
  const log = fs.openSync(path.join(settings.folder, "logs", `${name}.log`), "a");
  const child = spawn(command, args, { stdio: ["ignore", log, log], env: { ...process.env, NODE_NAME: nodeName } });
  child.once("error", (error) => fail(`${name} does not start: ${error.message}`));
  child.once("exit", (code, signal) => {
    fs.closeSync(log);
    console.error(`${name} ended by itself (${signal ?? `exit code ${code}`}), and is started again`);
    setTimeout(() => part(settings, name, command, args), restartMs);
  });
}

function fail(message: string): void {
  console.error(message);
  process.exit(1);
}

function succeeds(command: string, args: readonly string[]): void {
  const { status, stderr, error } = spawnSync(command, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} failed: ${error?.message ?? stderr.trim()}`);
}

async function until(what: string, isSo: () => boolean): Promise<void> {
  const deadline = Date.now() + startLimitMs;
  while (!isSo()) {
    if (Date.now() > deadline) throw new Error(`waited ${startLimitMs / 1000} s until ${what}`);
    await sleep(50);
  }
}

void main(process.argv.slice(2)).catch((error: unknown) =>
  fail(error instanceof Error ? error.message : String(error)),
);
