import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import fs from "node:fs";
import http from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import type { ToolSandbox } from "./toolSandbox";

/** A mirror of release hosts on this machine, which the installer of this process asks until it is stopped. */
export interface ReleaseServer {
  /** The addresses that were asked for, in order, without the mirror's own. */
  readonly requests: readonly string[];
  /** Serves a text or a file at `https://HOST/PATH`. */
  serve(url: string, content: string | Buffer): void;
  /** Breaks off the next download of an address in the middle. */
  breakOff(url: string): void;
  stop(): void;
}

/** Starts a mirror, and puts what unpacks its archives on the sandbox's PATH. An address that ends in /hangs does. */
export async function startReleaseServer(sandbox: ToolSandbox): Promise<ReleaseServer> {
  const files = new Map<string, string | Buffer>();
  const requests: string[] = [];
  const breaksOff = new Set<string>();
  const server = http.createServer((request, response) => {
    const url = `https:/${request.url ?? ""}`;
    requests.push(url);
    if (url.endsWith("/hangs")) return;
    if (breaksOff.delete(url)) {
      response.writeHead(200, { "content-length": 1000 }).write("half");
      setTimeout(() => response.destroy(), 10);
      return;
    }
    const content = files.get(url);
    response.writeHead(content === undefined ? 404 : 200).end(content);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  for (const tool of ["tar", "gzip"]) {
    const [file] = [`/usr/bin/${tool}`, `/bin/${tool}`].filter((candidate) => fs.existsSync(candidate));
    if (file !== undefined) fs.symlinkSync(file, path.join(sandbox.bin, tool));
  }
  process.env.DATASETS_SERVER_RELEASE_MIRROR = `http://127.0.0.1:${portOf(server.address())}/`;
  return {
    requests,
    serve: (url, content) => files.set(url, content),
    breakOff: (url) => breaksOff.add(url),
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

function portOf(address: AddressInfo | string | null): number {
  return address !== null && typeof address !== "string" ? address.port : 0;
}

/** A gzipped archive of text files, by their paths in it. */
export function archiveOf(sandbox: ToolSandbox, files: Readonly<Record<string, string>>): Buffer {
  const parent = fs.mkdtempSync(path.join(sandbox.bin, "../archive-"));
  for (const [name, text] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(parent, name)), { recursive: true });
    fs.writeFileSync(path.join(parent, name), text);
  }
  return execFileSync("tar", ["-czf", "-", "-C", parent, ...Object.keys(files)]);
}

export function sha256(content: string | Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}
