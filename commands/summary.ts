import { z } from "zod";
import { run } from "../tools/run";
import type { Toolbox } from "../tools/toolbox";
import { engineEnvironment, workspacePaths } from "../tools/workspace";
import { projectFolder } from "./project";
import { table } from "./table";

const stackOutputs = z.object({
  namespace: z.string(),
  url: z.string(),
  cluster: z.string(),
  commands: z.record(z.string(), z.string()),
});

/** Prints what a stack runs, where, and what to try next. */
export async function printSummary(toolbox: Toolbox, workspace: string, stack: string): Promise<void> {
  const { stdout } = await run(toolbox.pulumi, ["stack", "output", "--json", "--stack", stack], {
    cwd: projectFolder,
    env: engineEnvironment(toolbox, workspace),
  });
  const { namespace, url, cluster, commands } = stackOutputs.parse(JSON.parse(stdout));
  const rows = await workloads(workspacePaths(workspace).kubeconfig, namespace);

  console.log(`\n${table(["workload", "ready", "image"], rows)}\n`);
  console.log(`stack ${stack} on cluster ${cluster}, namespace ${namespace}, ${url}\n`);
  console.log("Try next:");
  console.log("  make shell                      a shell with pulumi and kubectl, where these work:");
  for (const command of [commands.pods, commands.describe, "pulumi stack output --stack local"]) {
    console.log(`    ${command}`);
  }
  console.log("  make preview                    what a change of yours would do");
  console.log("  make render STACK=prod          production's objects as YAML, without a cluster");
  console.log("  make down                       take it all down again");
}

async function workloads(kubeconfig: string, namespace: string): Promise<string[][]> {
  const k8s = await import("@kubernetes/client-node");
  const config = new k8s.KubeConfig();
  config.loadFromFile(kubeconfig);
  const { items } = await config.makeApiClient(k8s.AppsV1Api).listNamespacedDeployment({ namespace });
  return items.map(({ metadata, spec, status }) => [
    metadata?.name ?? "",
    `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 0}`,
    spec?.template.spec?.containers[0]?.image ?? "",
  ]);
}
