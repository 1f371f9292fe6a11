/** A group of nodes, known by a label, that a taint may keep others away from. */
export interface NodePool {
  /** As name=value. */
  readonly label: string;
  /** As name:effect. Default: none. */
  readonly taint?: string;
}

/** What puts a pod on a pool's nodes; empty for a pod that may run on any node without a taint. */
export interface Placement {
  readonly nodeSelector?: Record<string, string>;
  readonly tolerations?: { key: string; operator: "Exists"; effect: string }[];
}

/** The placement of a pod on a pool. */
export function placement(nodePool: NodePool | undefined): Placement {
  if (nodePool === undefined) {
    return {};
  }
  const [label = "", value = ""] = nodePool.label.split("=");
  const [key = "", effect = ""] = nodePool.taint?.split(":") ?? [];
  return {
    nodeSelector: { [label]: value },
    ...(nodePool.taint && { tolerations: [{ key, operator: "Exists", effect }] }),
  };
}
