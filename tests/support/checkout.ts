import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";

/** A platform that this machine is not of. */
export const otherPlatform = process.platform === "linux" ? "darwin" : "linux";

/** The packages of a test's lockfile: what runs, a tool, a native part of this platform and one of another. */
const packages: Readonly<Record<string, { dev?: boolean; optional?: boolean; os?: readonly string[] }>> = {
  plain: {},
  tool: { dev: true },
  native: { optional: true, os: [process.platform] },
  other: { optional: true, os: [otherPlatform] },
};

/** Those that belong into node_modules here. */
export const installedHere = ["native", "plain", "tool"];

/** Writes a manifest and a lockfile whose packages npm finds on this machine. */
export function createCheckout(root: string, base: string): void {
  const archive = (name: string) => path.join(base, `${name}.tgz`);
  const locked = Object.entries(packages).map(([name, properties]) => {
    const folder = path.join(base, name, "package");
    fs.mkdirSync(folder, { recursive: true });
    fs.writeFileSync(path.join(folder, "package.json"), JSON.stringify({ name, version: "1.0.0", os: properties.os }));
    if (!fs.existsSync(archive(name))) {
      execFileSync("tar", ["-czf", archive(name), "-C", path.dirname(folder), "package"]);
    }
    return [`node_modules/${name}`, { version: "1.0.0", resolved: `file:${archive(name)}`, ...properties }] as const;
  });
  const manifest = {
    name: "checkout",
    version: "1.0.0",
    engines: { node: ">=20.19" },
    dependencies: { plain: `file:${archive("plain")}` },
    devDependencies: { tool: `file:${archive("tool")}` },
    optionalDependencies: { native: `file:${archive("native")}`, other: `file:${archive("other")}` },
  };
  const lock = {
    name: "checkout",
    version: "1.0.0",
    lockfileVersion: 3,
    packages: { "": manifest, ...Object.fromEntries(locked) },
  };
  fs.mkdirSync(root);
  fs.writeFileSync(path.join(root, "package.json"), JSON.stringify(manifest));
  fs.writeFileSync(path.join(root, "package-lock.json"), JSON.stringify(lock));
}
