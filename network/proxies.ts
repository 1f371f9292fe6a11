import * as http from "node:http";
import * as https from "node:https";
import { BlockList, connect, isIP, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { HttpProxyAgent, HttpsProxyAgent } from "hpagent";

/**
 * Proxies, as HTTPS_PROXY, HTTP_PROXY and NO_PROXY name them. They are read the way that programs in Go read them, since those
 * (Pulumi, its providers, kubectl) speak to the same servers: an upper-case name wins over its lower-case one, loopback is
 * never proxied, and a domain in NO_PROXY stands for its subdomains too.
 */

const variables = { "http:": ["HTTP_PROXY", "http_proxy"], "https:": ["HTTPS_PROXY", "https_proxy"] } as const;

const defaultPorts: Readonly<Record<string, string>> = { "http:": "80", "https:": "443" };

const schemes = Object.keys(variables);

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
  const proxied = remembered((proxy) => new ProxyAgent(proxy));
  const choosing = new Agent().compose((direct) => (options, handler) => {
    const proxy = options.origin === undefined ? undefined : proxyFor(options.origin);
    return proxy === undefined ? direct(options, handler) : proxied(proxy.href).dispatch(options, handler);
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

/**
 * Opens a connection to the host and port of a URL, through its proxy where it has one. Nothing is sent to the host.
 *
 * @param timeout after how long without an answer it fails; milliseconds
 * @throws when there is no connection; the error names the proxy if that is what failed
 */
export async function openConnection(address: string, timeout: number): Promise<void> {
  const { hostname, port, protocol } = new URL(address);
  const target = { host: hostname.replace(/^\[|\]$/g, ""), port: Number(port || defaultPorts[protocol]) };
  const proxy = proxyFor(address);
  const connection = proxy === undefined ? await connectedTo(target, timeout) : await tunnel(proxy, target, timeout);
  connection.destroy();
}

interface Target {
  readonly host: string;
  readonly port: number;
}

async function connectedTo(target: Target, timeout: number): Promise<Socket> {
  const socket = connect(target);
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", () => resolve());
      socket.once("error", reject);
      socket.setTimeout(timeout, () => reject(noAnswer(timeout)));
    });
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

function tunnel(proxy: URL, { host, port }: Target, timeout: number): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const failed = (reason: string) => reject(proxyFailed(proxy, reason));
    const timer = setTimeout(() => failed(noAnswer(timeout).message), timeout);
    new HttpProxyAgent({ proxy }).createConnection({ host, port, timeout }, (error, connection) => {
      clearTimeout(timer);
      if (error) failed(error.message);
      else resolve(connection);
    });
  });
}

function noAnswer(timeout: number): Error {
  return new Error(`no answer within ${timeout / 1000} s`);
}

type Connect = NonNullable<http.Agent["createConnection"]>;

/** Makes an agent ask for each connection which proxy it needs. */
function choosing<T extends http.Agent>(protocol: keyof typeof variables, agent: T): T {
  const direct: Connect = agent.createConnection.bind(agent);
  const connect: Connect = (options, callback) => {
    const port = options.port ?? defaultPorts[protocol];
    const proxy = proxyFor(`${protocol}//${urlHost(options.host ?? "localhost")}:${port}`);
    if (proxy === undefined) return direct(options, callback);
    const Proxied = protocol === "https:" ? HttpsProxyAgent : HttpProxyAgent;
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

function urlHost(host: string): string {
  return isIP(host) === 6 ? `[${host}]` : host;
}

/** Makes one value for each proxy. */
function remembered<T>(make: (proxy: string) => T): (proxy: string) => T {
  const made = new Map<string, T>();
  return (proxy) => {
    const value = made.get(proxy) ?? make(proxy);
    made.set(proxy, value);
    return value;
  };
}

function hasProxies(): boolean {
  return Object.values(variables)
    .flat()
    .some((name) => process.env[name]);
}

function proxyOf(name: string, value: string): URL {
  const text = value.includes("://") ? value : `http://${value}`;
  const proxy = URL.canParse(text) ? new URL(text) : undefined;
  if (proxy === undefined || !schemes.includes(proxy.protocol)) {
    const got = proxy === undefined ? "what is not a URL" : `${proxy.protocol}//${proxy.host}`;
    throw new Error(`${name}: got ${got}; expected a proxy such as http://proxy.example.com:3128, or https://`);
  }
  return proxy;
}

function isDirect(hostname: string, port: string | undefined, environment: NodeJS.ProcessEnv): boolean {
  const host = hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");
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
  const domain = name.replace(/^\[|\]$/g, "").replace(/^\*\./, ".");
  return domain.startsWith(".") ? host.endsWith(domain) : host === domain || host.endsWith(`.${domain}`);
}

/** Whether a host is an address of a network such as 10.0.0.0/8. */
function isWithin(network: string, host: string): boolean {
  const [address = "", bits = ""] = network.split("/");
  const family = familyOf(address);
  if (family === undefined || family !== familyOf(host)) return false;
  if (!/^\d{1,3}$/.test(bits) || Number(bits) > (family === "ipv4" ? 32 : 128)) return false;
  const list = new BlockList();
  list.addSubnet(address, Number(bits), family);
  return list.check(host, family);
}

function familyOf(host: string): "ipv4" | "ipv6" | undefined {
  const version = isIP(host);
  return version === 0 ? undefined : version === 4 ? "ipv4" : "ipv6";
}
