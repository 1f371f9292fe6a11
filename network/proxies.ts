import * as http from "node:http";
import * as https from "node:https";
import { BlockList, isIP } from "node:net";
import { HttpProxyAgent, HttpsProxyAgent } from "hpagent";

/**
 * Proxies, as HTTPS_PROXY, HTTP_PROXY and NO_PROXY name them. They are read the way that programs in Go read them, since those
 * (Pulumi, its providers, kubectl) speak to the same servers: an upper-case name wins over its lower-case one, loopback is
 * never proxied, and a domain in NO_PROXY stands for its subdomains too.
 */

const variables = { "http:": ["HTTP_PROXY", "http_proxy"], "https:": ["HTTPS_PROXY", "https_proxy"] } as const;

const defaultPorts: Readonly<Record<string, string>> = { "http:": "80", "https:": "443" };

/**
 * Returns the proxy through which to reach an address; undefined means directly.
 *
 * @param environment where the variables are. Default: this process's
 * @throws an error that names the variable whose value is not a proxy, without its password
 */
export function proxyFor(address: string | URL, environment: NodeJS.ProcessEnv = process.env): URL | undefined {
  const { protocol, hostname, port } = new URL(address);
  if (protocol !== "http:" && protocol !== "https:") return undefined;
  const name = variables[protocol].find((variable) => environment[variable]);
  if (name === undefined || isDirect(hostname, port || defaultPorts[protocol], environment)) return undefined;
  return proxyOf(name, environment[name] ?? "");
}

/** Makes the global `fetch` of this process use the proxies. Without proxies in the environment it changes, and loads, nothing. */
export async function useProxies(): Promise<void> {
  if (!hasProxies()) return;
  const { Agent, install, ProxyAgent, setGlobalDispatcher } = await import("undici");
  const agents = new Map<string, InstanceType<typeof ProxyAgent>>();
  const choosing = new Agent().compose((direct) => (options, handler) => {
    const proxy = options.origin && proxyFor(options.origin);
    if (!proxy) return direct(options, handler);
    const agent = agents.get(proxy.href) ?? new ProxyAgent(proxy.href);
    agents.set(proxy.href, agent);
    return agent.dispatch(options, handler);
  });
  setGlobalDispatcher(choosing);
  // The built-in fetch of each Node.js is of another version than this dispatcher: take both from one.
  install();
}

/** Returns agents for clients of node:http and node:https that use the proxies; none without proxies in the environment. */
export function proxyAgents(): { httpAgent?: http.Agent; httpsAgent?: https.Agent } {
  if (!hasProxies()) return {};
  const keepAlive = { keepAlive: true };
  return {
    httpAgent: choosing("http:", new http.Agent(keepAlive)),
    httpsAgent: choosing("https:", new https.Agent(keepAlive)),
  };
}

type Connect = NonNullable<http.Agent["createConnection"]>;

/** Makes an agent ask for each connection which proxy it needs. */
function choosing<T extends http.Agent>(protocol: keyof typeof variables, agent: T): T {
  const direct: Connect = agent.createConnection.bind(agent);
  const Proxied = protocol === "https:" ? HttpsProxyAgent : HttpProxyAgent;
  const connect: Connect = (options, callback) => {
    const host = options.host ?? "localhost";
    const port = options.port ?? defaultPorts[protocol];
    const proxy = proxyFor(`${protocol}//${isIP(host) === 6 ? `[${host}]` : host}:${port}`);
    if (proxy === undefined) return direct(options, callback);
    new Proxied({ proxy, keepAlive: true }).createConnection(options, (error, connection) =>
      callback?.(error && proxyFailed(proxy, error.message), connection),
    );
    return undefined;
  };
  return Object.assign(agent, { createConnection: connect });
}

/** Names the proxy, without its password. */
function proxyFailed({ protocol, host }: URL, reason: string): Error {
  return new Error(`${reason} (through the proxy ${protocol}//${host})`);
}

function hasProxies(): boolean {
  return Object.values(variables)
    .flat()
    .some((name) => process.env[name]);
}

function proxyOf(name: string, value: string): URL {
  const text = value.includes("://") ? value : `http://${value}`;
  const proxy = URL.canParse(text) ? new URL(text) : undefined;
  if (proxy === undefined || !(proxy.protocol in variables)) {
    const got = proxy === undefined ? "what is not a URL" : `${proxy.protocol}//${proxy.host}`;
    throw new Error(`${name}: got ${got}; expected a proxy such as http://proxy.example.com:3128, or https://`);
  }
  return proxy;
}

function isDirect(hostname: string, port: string | undefined, environment: NodeJS.ProcessEnv): boolean {
  const host = withoutBrackets(hostname).replace(/\.$/, "");
  if (host === "localhost" || isWithin("127.0.0.0/8", host) || isWithin("::1/128", host)) return true;
  const entries = (environment.NO_PROXY || environment.no_proxy || "").toLowerCase().split(",");
  return entries.map((entry) => entry.trim()).some((entry) => entry !== "" && covers(entry, host, port));
}

/** Whether an entry of NO_PROXY stands for a host: `*`, a network, an address, a domain, the last two with a port or without. */
function covers(entry: string, host: string, port: string | undefined): boolean {
  if (entry === "*") return true;
  if (entry.includes("/")) return isWithin(entry, host);
  const [, name = entry, onlyPort] = /^(\[.+\]|[^:]+):(\d+)$/.exec(entry) ?? [];
  if (onlyPort !== undefined && onlyPort !== port) return false;
  const domain = withoutBrackets(name).replace(/^\*\./, ".");
  return domain.startsWith(".") ? host.endsWith(domain) : host === domain || host.endsWith(`.${domain}`);
}

/** Returns whether a host is an address of a network such as 10.0.0.0/8. */
function isWithin(network: string, host: string): boolean {
  const [address = "", bits = ""] = network.split("/");
  const version = isIP(address);
  if (version === 0 || version !== isIP(host)) return false;
  if (!/^\d{1,3}$/.test(bits) || Number(bits) > (version === 4 ? 32 : 128)) return false;
  const list = new BlockList();
  list.addSubnet(address, Number(bits), version === 4 ? "ipv4" : "ipv6");
  return list.check(host, version === 4 ? "ipv4" : "ipv6");
}

function withoutBrackets(host: string): string {
  return host.replace(/^\[|\]$/g, "");
}
