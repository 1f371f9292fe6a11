import { once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** Stands between AWS clients and a server that behaves like AWS. */
export interface Intermediary {
  readonly endpoint: string;
  /**
   * What is answered in the place of that server, by operation: `TrentService.CreateAlias`, `GetCallerIdentity`, or such as
   * `HEAD /bucket`. Undefined lets a request through.
   */
  readonly answers: Map<string, (body: Buffer) => Answer | undefined>;
  stop(): Promise<void>;
}

/** An error of a service that speaks JSON, as KMS does. */
export function jsonError(code: string, message: string): Answer {
  return { status: 400, body: JSON.stringify({ __type: code, message }) };
}

/**
 * Starts one before the server at `upstream`. Bucket policies it keeps itself: moto takes no notice of their conditions,
 * and would let a policy against requests without TLS refuse all requests.
 */
export async function startIntermediary(upstream: string): Promise<Intermediary> {
  const answers: Intermediary["answers"] = new Map();
  const policies = new Map<string, string>();
  const server = http.createServer((request, response) => {
    const { method = "", headers } = request;
    const url = new URL(request.url ?? "/", upstream);
    void buffer(request).then((body) => {
      const operation =
        headers["x-amz-target"] ??
        new URLSearchParams(body.toString()).get("Action") ??
        `${method} ${url.pathname.replace(/\/$/, "")}`;
      const isPolicy = url.searchParams.has("policy");
      const answer = isPolicy ? policyAnswer(policies, method, url, body) : answers.get(String(operation))?.(body);
      if (answer === undefined) forward(url, { method, headers }, body, response);
      else response.writeHead(answer.status).end(method === "HEAD" ? undefined : answer.body);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address: AddressInfo | string | null = server.address();
  return {
    endpoint: `http://127.0.0.1:${typeof address === "object" ? address?.port : address}`,
    answers,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function policyAnswer(policies: Map<string, string>, method: string, { pathname }: URL, body: Buffer): Answer {
  if (method === "PUT") {
    policies.set(pathname, body.toString());
    return { status: 204, body: "" };
  }
  const policy = policies.get(pathname);
  const missing = "<Error><Code>NoSuchBucketPolicy</Code><Message>The bucket policy does not exist</Message></Error>";
  return policy === undefined ? { status: 404, body: missing } : { status: 200, body: policy };
}

function forward(url: URL, options: http.RequestOptions, body: Buffer, response: http.ServerResponse): void {
  const onward = http.request(url, options, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  onward.on("error", () => response.destroy());
  onward.end(body);
}
