import { parseArgs } from "node:util";
import { KubeConfig } from "@kubernetes/client-node";
import { controlLoadBalancers, watchCluster } from "./controller";
import { startDns } from "./dns";
import { listener } from "./proxy";

/**
 * Plays what EKS brings beside nodes until it is ended: the AWS load balancers with their controller, where ports are given for
 * their listeners, and DNS, where an address is. Neither reaches further than the network namespace that it is started in.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      kubeconfig: { type: "string" },
      address: { type: "string", default: "0.0.0.0" },
      http: { type: "string" },
      https: { type: "string" },
      dns: { type: "string" },
      lag: { type: "string", default: "2000" },
    },
  });
  const config = new KubeConfig();
  config.loadFromFile(values.kubeconfig ?? "");
  const log = (line: string) => console.log(`${new Date().toISOString()} ${line}`);
  const caches = await watchCluster(config);
  if (values.dns !== undefined) await startDns(caches, values.dns);
  if (values.http !== undefined && values.https !== undefined) {
    const routing = controlLoadBalancers(config, caches, { lagMs: Number(values.lag), log });
    for (const [protocol, port] of [["HTTP", values.http] as const, ["HTTPS", values.https] as const]) {
      const server = listener(protocol, routing, log);
      await new Promise<void>((resolve, reject) => {
        server.once("error", reject).listen(Number(port), values.address, resolve);
      });
    }
  }
  log("ready");
}

void main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
