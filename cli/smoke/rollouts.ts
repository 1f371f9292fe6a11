import { z } from "zod";
import { type LiveObjects, type ObjectReference, objectText } from "../../cluster/liveObjects";
import type { Check } from "./checks";

/** What of a Deployment says which pods run: as it was deployed, or as it is on the cluster. */
const deployment = z.object({
  metadata: z.object({
    name: z.string(),
    namespace: z.string().optional(),
    generation: z.number().optional(),
  }),
  spec: z.object({
    replicas: z.number().default(1),
    template: z.object({ spec: z.object({ containers: z.array(z.object({ name: z.string(), image: z.string() })) }) }),
  }),
  status: z
    .object({
      observedGeneration: z.number().default(0),
      replicas: z.number().default(0),
      updatedReplicas: z.number().default(0),
      availableReplicas: z.number().default(0),
    })
    .prefault({}),
});

/** Returns the check that the pods of a Deployment, given as it was deployed, all run that, and are available. */
export function rolloutCheck(inputs: unknown, live: LiveObjects): Check {
  const { metadata, spec } = deployment.parse(inputs);
  const { name, namespace } = metadata;
  const object: ObjectReference = {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, ...(namespace !== undefined && { namespace }) },
  };
  return {
    title: objectText(object),
    failure: async () => {
      const found = await live.find(object);
      return found === undefined ? "it is gone" : rolloutFailure(spec.template, found);
    },
  };
}

type Template = z.infer<typeof deployment>["spec"]["template"];

/** What keeps a live Deployment from running nothing but available pods of a template; undefined when nothing does. */
export function rolloutFailure(deployed: Template, live: unknown): string | undefined {
  const { metadata, spec, status } = deployment.parse(live);
  const other = deployed.spec.containers.find(
    ({ name, image }) => !spec.template.spec.containers.some((one) => one.name === name && one.image === image),
  );
  if (other !== undefined) return `its container ${other.name} is not of ${other.image}, which was deployed`;
  if (status.observedGeneration < (metadata.generation ?? 0)) return "its controller has not seen the update yet";
  const { replicas, updatedReplicas, availableReplicas } = status;
  const counts = [replicas, updatedReplicas, availableReplicas];
  if (counts.every((count) => count === spec.replicas)) return undefined;
  const old = replicas - updatedReplicas;
  const leaving = old > 0 ? `, ${old} still of before` : "";
  return `${availableReplicas} of ${spec.replicas} pods are available${leaving}`;
}
