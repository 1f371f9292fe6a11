import { existsSync } from "node:fs";
import path from "node:path";
import { standInProblem } from "../standin";

/** What a real node uses of the machine, each with Debian's package of it. */
const commands: Readonly<Record<string, string>> = {
  containerd: "containerd",
  ctr: "containerd",
  runc: "runc",
  ip: "iproute2",
  ipset: "ipset",
  iptables: "iptables",
  mount: "mount",
  nft: "nftables",
  nsenter: "util-linux",
  setpriv: "util-linux",
  unshare: "util-linux",
};

const networkPlugins = "/usr/lib/cni";

/** Returns everything that this machine lacks for a real node, a line each: none when it has all. */
export async function realNodeProblems(): Promise<string[]> {
  if (process.platform !== "linux") return [`a real node needs Linux, and this is ${process.platform}`];
  const missing = Object.entries(commands).filter(([command]) => !isOnPath(command));
  const packages = new Set(missing.map(([, name]) => name));
  if (!existsSync(path.join(networkPlugins, "bridge"))) packages.add("containernetworking-plugins");
  if ((await standInProblem()) !== undefined) packages.add("busybox-static");
  return [
    ...(process.getuid?.() === 0 ? [] : ["a real node needs root: run this with sudo"]),
    ...(packages.size > 0
      ? [`a real node needs these packages, by Debian's names: apt-get install ${[...packages].sort().join(" ")}`]
      : []),
  ];
}

function isOnPath(command: string): boolean {
  return (process.env.PATH ?? "").split(path.delimiter).some((folder) => existsSync(path.join(folder, command)));
}
