import http, { type IncomingMessage, type ServerResponse } from "node:http";
import { type Asked, actionFor, type LoadBalancer } from "./rules";
import type { TargetGroup } from "./targets";

/** What the load balancers do now. */
export interface Routing {
  readonly loadBalancers: readonly LoadBalancer[];
  readonly targetGroups: ReadonlyMap<string, TargetGroup>;
}

/** A load balancer's own idle time-out: a target that is silent for longer gets no more of it. */
const idleMs = 60_000;

const cookieName = "AWSALB";

/**
 * Returns a server that answers as load balancers do: by their rules, with the targets that are healthy. A request is sent once:
 * a target that refuses it or breaks off is a 502, one that is silent a 504, and no target at all a 503.
 *
 * @param protocol which listener it plays. TLS ends before it
 * @param onFailure is told of each request that a target did not answer, with why
 */
export function listener(
  protocol: Asked["protocol"],
  routing: () => Routing,
  onFailure: (line: string) => void,
): http.Server {
  const server = http.createServer((request, response) => {
    const [path = "/", query = ""] = (request.url ?? "/").split(/\?(.*)/s);
    const host = (request.headers.host ?? "").replace(/:\d+$/, "").toLowerCase();
    const { loadBalancers, targetGroups } = routing();
    const action = actionFor(loadBalancers, { host, path, query, protocol });
    if (action.do === "answer") {
      request.resume();
      response.writeHead(action.status, { "content-type": action.contentType }).end(action.body);
    } else if (action.do === "redirect") {
      request.resume();
      response.writeHead(action.status, { location: action.location }).end();
    } else {
      forward(targetGroups.get(action.to.name), request, response, { protocol, onFailure });
    }
  });
  server.keepAliveTimeout = idleMs;
  return server;
}

interface ForwardOptions {
  readonly protocol: Asked["protocol"];
  readonly onFailure: (line: string) => void;
}

function forward(
  group: TargetGroup | undefined,
  request: IncomingMessage,
  response: ServerResponse,
  { protocol, onFailure }: ForwardOptions,
): void {
  const failed = (status: number, why: string) => {
    onFailure(`${status} ${request.method} ${request.headers.host}${request.url}: ${why}`);
    if (response.headersSent) response.destroy();
    else response.writeHead(status, { "content-type": "text/plain" }).end(http.STATUS_CODES[status]);
  };
  const sticky = group?.args.stickySeconds;
  const chosen = group?.choose(sticky === undefined ? undefined : cookieOf(request));
  if (group === undefined || chosen === undefined) {
    request.resume();
    failed(503, "the target group has no target");
    return;
  }
  const { target, id, left } = chosen;
  const { address, port, pod } = target;
  const { connection: _, ...headers } = request.headers;
  const from = request.socket.remoteAddress;
  const asked = http.request({
    host: address,
    port,
    method: request.method,
    path: request.url,
    agent: group.agent,
    timeout: idleMs,
    headers: { ...headers, "x-forwarded-for": from, "x-forwarded-proto": protocol.toLowerCase() },
  });
  const endLater = () => setTimeout(() => asked.destroy(), group.args.deregistrationDelaySeconds * 1000).unref();
  left.addEventListener("abort", endLater, { once: true });
  response.once("close", () => {
    left.removeEventListener("abort", endLater);
    if (!response.writableFinished) asked.destroy();
  });
  asked.once("timeout", () => {
    failed(504, `${pod} is silent`);
    asked.destroy();
  });
  asked.on("error", (error) => {
    if (!response.headersSent && !response.destroyed) {
      failed(502, `${pod}: ${error.message}${asked.reusedSocket ? ", on a connection that was idle" : ""}`);
    } else if (!response.writableFinished && !response.destroyed) {
      response.destroy();
    }
  });
  asked.once("response", (answer) => {
    const { connection: _hop, "keep-alive": _time, ...fields } = answer.headers;
    const cookie = sticky !== undefined && { "set-cookie": `${cookieName}=${id}; Max-Age=${sticky}; Path=/` };
    response.writeHead(answer.statusCode ?? 502, { ...fields, ...cookie });
    answer.once("error", (error) => failed(502, `${pod} broke off: ${error.message}`));
    answer.pipe(response);
  });
  request.pipe(asked);
}

function cookieOf({ headers }: IncomingMessage): string | undefined {
  return new RegExp(`(?:^|; )${cookieName}=([^;]+)`).exec(headers.cookie ?? "")?.[1];
}
