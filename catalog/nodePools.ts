/** The node pools made for the datasets-server. Each has a label of its name and a taint that keeps others away. */
export const nodePools = [
  "datasets-server",
  "datasets-server-api",
  "datasets-server-rows",
  "datasets-server-search",
  "datasets-server-webhook",
  "datasets-server-worker",
  "datasets-server-worker-light",
] as const;

export type NodePool = (typeof nodePools)[number];

/** What puts a pod on a pool's nodes; nothing for a pod that may run on any node without a taint. */
export function placement(nodePool: NodePool | undefined) {
  return nodePool === undefined
    ? {}
    : {
        nodeSelector: { [`role-${nodePool}`]: "true" },
        tolerations: [{ key: `huggingface.co/${nodePool}`, operator: "Exists", effect: "NoSchedule" }],
      };
}
