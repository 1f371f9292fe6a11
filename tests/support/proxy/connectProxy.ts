import fs from "node:fs";
import http from "node:http";
import https from "node:https";
import net, { type AddressInfo } from "node:net";
import os from "node:os";
import path from "node:path";
import { createCertificate } from "../certificate";

/** A proxy that is the only way to servers whose names nothing else resolves. */
export interface ConnectProxy {
  /** Its address, for HTTPS_PROXY. */
  readonly url: string;
  /** The certificate of the servers behind it, for NODE_EXTRA_CA_CERTS. */
  readonly certificate: string;
  /** HOST:PORT of each connection that was asked of the proxy, in order. */
  readonly connections: string[];
  /** The credentials that were shown to the proxy: the value of Proxy-Authorization. */
  readonly credentials: Set<string>;
  stop(): Promise<void>;
}

/** What the server behind the proxy answers. */
export interface AnswerBehindProxy {
  readonly headers?: http.OutgoingHttpHeaders;
  readonly body?: string;
}

/** Starts a proxy and, behind it, one server that has all the names; both on free ports of 127.0.0.1. */
export async function startConnectProxy(
  names: readonly string[],
  answer: (host: string) => AnswerBehindProxy,
): Promise<ConnectProxy> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "datasets-server-proxy-"));
  const { key, certificate } = createCertificate(folder, names);
  const connections: string[] = [];
  const credentials = new Set<string>();

  const server = https.createServer({ key, cert: fs.readFileSync(certificate) }, (request, response) => {
    request.resume();
    const { headers, body } = answer(request.headers.host ?? "");
    response.writeHead(200, headers).end(body);
  });
  const port = await listen(server);

  const sockets = new Set<net.Socket>();
  const proxy = http.createServer((_request, response) => response.writeHead(405).end());
  proxy.on("connect", (request: http.IncomingMessage, client: net.Socket) => {
    const target = request.url ?? "";
    connections.push(target);
    const shown = request.headers["proxy-authorization"];
    if (shown !== undefined) credentials.add(shown);
    const isKnown = names.includes(target.replace(/:\d+$/, ""));
    if (!isKnown) {
      client.end("HTTP/1.1 403 Forbidden\r\n\r\n");
      return;
    }
    const upstream = net.connect(port, "127.0.0.1", () => {
      client.write("HTTP/1.1 200 Connection established\r\n\r\n");
      upstream.pipe(client).pipe(upstream);
    });
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => socket.destroy());
    }
  });
  const proxyPort = await listen(proxy);

  return {
    url: `http://127.0.0.1:${proxyPort}`,
    certificate,
    connections,
    credentials,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      for (const one of [proxy, server]) {
        one.closeAllConnections();
        await new Promise((closed) => one.close(closed));
      }
      fs.rmSync(folder, { recursive: true });
    },
  };
}

async function listen(server: net.Server): Promise<number> {
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const address: AddressInfo | string | null = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}
