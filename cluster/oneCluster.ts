import * as pulumi from "@pulumi/pulumi";

/**
 * Options of the Kubernetes provider with which a stack stays on the cluster that its objects are on.
 *
 * A provider with another identifier is a replacement to the engine, and so is every object below it: all would be
 * created on the other cluster and deleted on this one. No hook sees both sides of a replacement. So the identifier's
 * changes are ignored, which leaves the changed kubeconfig, an update, and the hook of updates compares.
 */
export function stayOnCluster(stack: string, identifier: string): pulumi.ResourceOptions {
  const hook = new pulumi.ResourceHook(
    `${stack}-cluster`,
    async ({ oldInputs }) => refuseOtherCluster(stack, oldInputs, identifier),
    { onDryRun: true },
  );
  return { ignoreChanges: ["clusterIdentifier"], hooks: { beforeUpdate: [hook] } };
}

/** Throws when the provider's inputs of the last update are those of another cluster than the identifier's. */
export function refuseOtherCluster(stack: string, oldInputs: unknown, identifier: string): void {
  const known = knownIdentifier(oldInputs);
  if (known === undefined || known === identifier) {
    return;
  }
  // Pulumi shows the message of a hook's error, and nothing else of it.
  throw new Error(
    `the objects of stack ${stack} are on ${known}, and its configuration now means ${identifier}. Going on would ` +
      `create every object there and delete every object here; no changes were made\n` +
      "Next: put the cluster back, or, to move, set up a second stack beside this one: docs/move-cluster.md",
  );
}

function knownIdentifier(inputs: unknown): unknown {
  return typeof inputs === "object" && inputs !== null && "clusterIdentifier" in inputs
    ? inputs.clusterIdentifier
    : undefined;
}
