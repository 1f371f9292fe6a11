import * as pulumi from "@pulumi/pulumi";
import { isDryRun } from "@pulumi/pulumi/runtime";
import { z } from "zod";
import {
  isKept,
  type KeptKind,
  type Loss,
  type LossPermissions,
  objectOf,
  refusePlan,
  refuseProtected,
  refuseStep,
} from "./losses";
import { whenPlanned } from "./planned";

const named = z.looseObject({ metadata: z.looseObject({ name: z.string() }) });

/**
 * Stops a run that deletes an object of a kept kind, to make it anew included, below the resource with this transformation:
 * one that was dropped from the program too, as the state keeps the hook's name with the object.
 *
 * A preview, and so an update that begins with one, is planned to its end and then refused, with all such objects. An
 * update without a preview stops at the first of them.
 */
export function lossGuard(permissions: LossPermissions): pulumi.ResourceTransformation {
  const inProgram = { objects: new Set<string>(), urns: new Set<string>() };
  const losses: Loss[] = [];
  const hook = new pulumi.ResourceHook(
    `${permissions.stack}-losses`,
    ({ urn, type, name: resource, oldInputs }) => {
      const object = keptObject(type, resource, oldInputs);
      if (object === undefined) {
        return;
      }
      const stays = inProgram.objects.has(objectOf(object));
      const fate = inProgram.urns.has(urn) ? "replaced" : stays ? "moved" : "dropped";
      losses.push({ ...object, urn, fate });
      if (isDryRun()) {
        refuseProtected(losses, permissions);
      } else {
        refuseStep({ ...object, urn, fate }, permissions);
      }
    },
    { onDryRun: true },
  );
  if (isDryRun()) {
    whenPlanned(() => refusePlan(losses, permissions, { endedEarly: pulumi.log.hasErrors() }));
  }
  return ({ type, name: resource, props, opts }) => {
    const object = keptObject(type, resource, props);
    if (object === undefined) {
      return undefined;
    }
    inProgram.objects.add(objectOf(object));
    pulumi.createUrn(resource, type, opts.parent).apply((urn) => inProgram.urns.add(urn));
    // With its deletion last, a replacement of another name would be there before the hook is asked.
    return { props, opts: pulumi.mergeOptions(opts, { hooks: { beforeDelete: [hook] }, deleteBeforeReplace: true }) };
  };
}

function keptObject(type: string, resource: string, inputs: unknown): { kind: KeptKind; name: string } | undefined {
  const kind = type.startsWith("kubernetes:") ? (type.split(":").at(-1) ?? "") : "";
  return isKept(kind) ? { kind, name: named.safeParse(inputs).data?.metadata.name ?? resource } : undefined;
}
