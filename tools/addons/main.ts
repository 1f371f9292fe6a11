import { parseArgs } from "node:util";
import { KubeConfig } from "@kubernetes/client-node";
import { controlLoadBalancers, watchCluster } from "./controller";
import { startDns } from "./dns";
import { listener } from "./proxy";

/**
 * Plays what EKS brings beside nodes: the AWS load balancers with their controller, and DNS. Runs in the network namespace of the
 * node until it is ended.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      kubeconfig: { type: "string" },
      address: { type: "string", default: "0.0.0.0" },
      http: { type: "string", default: "80" },
      https: { type: "string", default: "443" },
      dns: { type: "string" },
      lag: { type: "string", default: "2000" },
    },
  });
  const config = new KubeConfig();
  config.loadFromFile(values.kubeconfig ?? "");
  const log = (line: string) => console.log(`${new Date().toISOString()} ${line}`);
  const caches = await watchCluster(config);
  const routing = controlLoadBalancers(config, caches, { lagMs: Number(values.lag), log });
  const listen = (protocol: "HTTP" | "HTTPS", port: string) =>
    new Promise<void>((resolve, reject) => {
      const server = listener(protocol, routing, log);
      server.once("error", reject).listen(Number(port), values.address, resolve);
    });
  await Promise.all([listen("HTTP", values.http), listen("HTTPS", values.https)]);
  if (values.dns !== undefined) await startDns(caches, values.dns);
  log(`load balancers at ${values.address}, ports ${values.http} and ${values.https}`);
}

void main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
