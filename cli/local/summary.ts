import type { OutputMap } from "@pulumi/pulumi/automation";
import { z } from "zod";
import { loadBalancerPorts } from "../../tools/realNode";
import { workspacePaths } from "../../tools/workspace";
import { table } from "../lib/table";

const text = z.object({ value: z.string() });

const stackOutputs = z.object({ namespace: text, cluster: text, url: text });

const simulatedNodes =
  "The API server is real, the nodes are simulated: no process of a pod runs, and nothing answers requests.\n";

function realNode(host: string, port: number): string {
  return `Pods run, with a stand-in for the application. Its address, by a stand-in for the load balancer:\n  http://${host}:${port}/healthcheck\n`;
}

/** Prints what a stack runs, where, and what to try next. */
export async function printSummary(workspace: string, stack: string, outputs: OutputMap): Promise<void> {
  const parsed = stackOutputs.parse(outputs);
  const [namespace, cluster] = [parsed.namespace.value, parsed.cluster.value];
  const rows = await workloads(workspacePaths(workspace).kubeconfig, namespace);

  console.log(`\n${table(["workload", "ready", "image"], rows)}\n`);
  console.log(`stack ${stack} on cluster ${cluster}, namespace ${namespace}`);
  const ports = await loadBalancerPorts(workspacePaths(workspace));
  console.log(ports === undefined ? simulatedNodes : realNode(new URL(parsed.url.value).host, ports.https));
  console.log("Try next:");
  for (const [command, what] of [
    [`ds shell -- kubectl get pods -n ${namespace}`, "what runs, as the API server tells it"],
    ["ds shell", "a shell where pulumi and kubectl are ready"],
    ["ds preview local", "what a change of yours would do"],
    ["ds pulumi local -- stack output", "names and commands of this stack"],
    ["ds render prod", "production's objects as YAML, without a cluster"],
    ["ds down", "take it all down again"],
  ] as const) {
    console.log(`  ${command.padEnd(48)}  ${what}`.trimEnd());
  }
}

async function workloads(kubeconfig: string, namespace: string): Promise<string[][]> {
  const k8s = await import("@kubernetes/client-node");
  const config = new k8s.KubeConfig();
  config.loadFromFile(kubeconfig);
  const { items } = await config.makeApiClient(k8s.AppsV1Api).listNamespacedDeployment({ namespace });
  return items.map(({ metadata, spec, status }) => [
    metadata?.name ?? "",
    `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 0}`,
    // Without the registry, so that the tag is seen.
    spec?.template.spec?.containers[0]?.image?.split("/").at(-1) ?? "",
  ]);
}
