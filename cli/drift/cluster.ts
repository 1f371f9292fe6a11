import { z } from "zod";
import { type ClientArgs, kubernetesClient } from "../../cluster/kubernetesClient";
import { liveObjects, type ObjectReference, objectText } from "../../cluster/liveObjects";
import { answerOf, type Engine } from "../engine";
import { foreignFields } from "./managers";
import type { Drift } from "./refreshed";

const providerType = "pulumi:providers:kubernetes";

const stateResource = z.looseObject({
  type: z.string(),
  custom: z.boolean().default(false),
  id: z.string().default(""),
  inputs: z.record(z.string(), z.unknown()).default({}),
});

const exported = z.object({ deployment: z.object({ resources: z.array(stateResource).nullish() }) });

const providerInputs = z.object({ kubeconfig: z.string(), context: z.string() });

/** The objects of a stack, and the cluster they were deployed to. */
export interface Deployed {
  readonly cluster?: ClientArgs;
  readonly objects: readonly ObjectReference[];
}

/** Finds fields that somebody else wrote: an added label or variable is nothing that a refresh would see. */
export async function foreignDrift(engine: Engine, stack: string): Promise<Drift[]> {
  const { cluster, objects } = parseExport(await answerOf(engine, ["stack", "export", "--stack", stack]));
  if (cluster === undefined) return [];
  const live = liveObjects(kubernetesClient(cluster));
  const found = await Promise.all(objects.map(async (object) => ({ object, metadata: await live.find(object) })));
  return found.flatMap(({ object, metadata }) =>
    foreignFields({ kind: object.kind, managedFields: metadata?.managedFields ?? [] }).map(({ manager, field }) => ({
      object: objectText(object),
      field,
      what: `written by ${manager}`,
    })),
  );
}

/** What a stack's state says of where its objects are. The kubeconfig in it holds no secret: each use asks for a token. */
export function parseExport(json: string): Deployed {
  const resources = exported.parse(JSON.parse(json)).deployment.resources ?? [];
  const provider = resources.find(({ type }) => type === providerType);
  const objects = resources
    .filter(({ type, custom }) => custom && type.startsWith("kubernetes:"))
    .map(({ id, inputs }): ObjectReference => {
      const [name = "", namespace] = id.split("/").reverse();
      const { apiVersion, kind } = inputs;
      return {
        apiVersion: String(apiVersion),
        kind: String(kind),
        metadata: { name, ...(namespace && { namespace }) },
      };
    });
  return { objects, ...(provider && { cluster: providerInputs.parse(provider.inputs) }) };
}
