import fs from "node:fs/promises";
import http from "node:http";
import net from "node:net";

/** A TCP port on an address, or the path of a Unix socket. */
export type End = { readonly port: number; readonly host: string } | { readonly path: string };

/** Hands every connection to one end over to another, until the process ends. */
export function relay(from: End, to: End): Promise<void> {
  const server = net.createServer({ allowHalfOpen: true }, (client) =>
    join(client, net.connect({ ...to, allowHalfOpen: true })),
  );
  return listen(server, from);
}

/** Connects whoever asks by HTTP CONNECT with the address named. */
export function connectProxy(from: End): Promise<void> {
  const server = http.createServer((_, response) => response.writeHead(405).end());
  server.on("connect", ({ url = "" }, client, head) => {
    const { hostname, port } = new URL(`tcp://${url}`);
    const target = net.connect({ host: hostname.replace(/^\[|\]$/g, ""), port: Number(port), allowHalfOpen: true });
    target.once("connect", () => {
      client.write("HTTP/1.1 200 Connection established\r\n\r\n");
      target.write(head);
      join(client, target);
    });
    target.once("error", () => client.destroy());
  });
  return listen(server, from);
}

async function listen(server: net.Server, from: End): Promise<void> {
  if ("path" in from) await fs.rm(from.path, { force: true });
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(from, resolve));
}

function join(one: net.Socket | import("node:stream").Duplex, other: net.Socket): void {
  one.pipe(other).pipe(one);
  one.on("error", () => other.destroy());
  other.on("error", () => one.destroy());
}
