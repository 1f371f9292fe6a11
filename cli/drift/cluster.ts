import { z } from "zod";
import { type ClientArgs, kubernetesClient } from "../../cluster/kubernetesClient";
import { liveObjects, type ObjectReference, objectText } from "../../cluster/liveObjects";
import { foreignFields } from "./managers";
import type { Drift, Refreshed } from "./refreshed";

const providerType = "pulumi:providers:kubernetes";

const providerInputs = z.object({ kubeconfig: z.string(), context: z.string() });

/** The objects of a stack, and the cluster they were deployed to. */
export interface Deployed {
  readonly cluster?: ClientArgs;
  readonly objects: readonly ObjectReference[];
}

/** Finds fields that others wrote: an added label or variable is nothing that a refresh would see. */
export async function foreignDrift({ cluster, objects }: Deployed): Promise<Drift[]> {
  if (cluster === undefined) return [];
  const live = liveObjects(kubernetesClient(cluster));
  const found = await Promise.all(objects.map(async (object) => ({ object, found: await live.find(object) })));
  return found.flatMap(({ object, found }) =>
    foreignFields({ kind: object.kind, managedFields: found?.metadata?.managedFields ?? [] }).map(
      ({ manager, field }) => ({
        object: objectText(object),
        field,
        what: `written by ${manager}`,
      }),
    ),
  );
}

/** Where a stack's objects are. The kubeconfig of its provider holds no secret: each use asks for a token. */
export function deployed(refreshed: readonly Refreshed[]): Deployed {
  const provider = refreshed.find(({ type }) => type === providerType);
  const objects = refreshed
    .filter(({ type }) => type.startsWith("kubernetes:"))
    .flatMap(({ old }): ObjectReference[] => {
      if (!old) return [];
      const [name = "", namespace] = old.id.split("/").reverse();
      const { apiVersion, kind } = old.inputs;
      return [
        {
          apiVersion: String(apiVersion),
          kind: String(kind),
          metadata: { name, ...(namespace && { namespace }) },
        },
      ];
    });
  return { objects, ...(provider && { cluster: providerInputs.parse(provider.old?.inputs) }) };
}
