import { proxyAgents } from "../../network/proxies";

/** No command waits longer than this for one answer, or for a connection; milliseconds. */
const limits = { connectionTimeout: 5_000, requestTimeout: 20_000, throwOnRequestTimeout: true };

/** Returns how every client sends its requests to AWS: never for long, and through the user's proxy. */
export function requestHandler() {
  return { ...limits, ...proxyAgents() };
}
