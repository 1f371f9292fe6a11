import assert from "node:assert/strict";
import path from "node:path";
import type { V1Node } from "@kubernetes/client-node";
import { kubectl } from "../../../tools/cluster/kubectl";
import { findTools } from "../../../tools/install";
import { localGroups } from "../../../tools/toolbox";
import { workspacePaths } from "../../../tools/workspace";
import type { Cluster } from "./cluster";

/** The nodes of each pool of a cluster, by the taint that keeps other pods away from them; "" where any pod may be. */
export async function nodePools({ kubernetes }: Cluster): Promise<ReadonlyMap<string, readonly string[]>> {
  const { items } = await kubernetes.core.listNode();
  const taints = new Set(items.map(taintOf));
  const names = (taint: string) =>
    items.filter((node) => taintOf(node) === taint).map(({ metadata }) => metadata?.name ?? "");
  return new Map([...taints].map((taint) => [taint, names(taint)]));
}

/**
 * Drains every node of a pool, one after another, as for an upgrade: first all but one, so that all pods gather on the last
 * one, then that one. So each pod has to go while the others of its workload stand beside it.
 *
 * @returns what kubectl printed: which pods it evicted, and which were kept for now by a disruption budget.
 * @throws when a node cannot be drained.
 */
export async function drainPool({ kubeconfig }: Cluster, nodes: readonly string[]): Promise<string> {
  const paths = workspacePaths(path.dirname(kubeconfig));
  const printed: string[] = [];
  const run = async (...args: readonly string[]) => {
    const { code, stdout, stderr } = await kubectl(findTools(localGroups), paths, kubeconfig, args);
    printed.push(stdout, stderr);
    assert.equal(code, 0, stdout + stderr);
  };
  for (const together of [nodes.slice(1), nodes.slice(0, 1)]) {
    await run("cordon", ...together);
    for (const node of together) await run("drain", node, "--ignore-daemonsets", "--delete-emptydir-data");
    await run("uncordon", ...together);
  }
  return printed.join("");
}

function taintOf({ spec }: V1Node): string {
  return spec?.taints?.[0]?.key ?? "";
}
