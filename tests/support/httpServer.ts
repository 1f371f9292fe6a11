import http from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

/** What a test's server says: an HTTP status and a body, which is sent as JSON unless it is text. */
export interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** How a test's server answers, by method and path; undefined means never. */
export type Respond = (request: {
  readonly method: string;
  readonly path: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}) => Answer | undefined;

export interface HttpServer {
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts a server on a free port of 127.0.0.1. */
export async function startHttpServer(respond: Respond): Promise<HttpServer> {
  const server = http.createServer(async (request, response) => {
    const body = (await buffer(request)).toString();
    const answer = respond({ method: request.method ?? "", path: request.url ?? "", headers: request.headers, body });
    if (answer === undefined) return;
    const isText = typeof answer.body === "string";
    const contentType = isText ? "text/xml" : "application/json";
    response.writeHead(answer.status ?? 200, { "content-type": contentType, ...answer.headers });
    response.end(isText ? answer.body : JSON.stringify(answer.body));
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const address: AddressInfo | string | null = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}
