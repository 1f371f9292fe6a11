import * as pulumi from "@pulumi/pulumi";
import { isDryRun } from "@pulumi/pulumi/runtime";
import { z } from "zod";
import {
  type Deletion,
  type DeletionPermissions,
  describeDeletion,
  isAllowed,
  isProtected,
  objectOf,
  type ProtectedKind,
  summarizeDeletions,
} from "./protection";

const named = z.looseObject({ metadata: z.looseObject({ name: z.string() }) });

/**
 * Returns a transformation that fails the deletion and replacement of objects of protected kinds, unless permitted. This holds for
 * an object that was dropped from the program too, as the state keeps the hook's name with the object.
 *
 * A preview, and so an update that begins with one, goes on to its end, logs an error for each such object, and fails. An
 * update without a preview stops at the first of them.
 */
export function deletionGuard(permissions: DeletionPermissions): pulumi.ResourceTransformation {
  const inProgram = { objects: new Set<string>(), urns: new Set<string>() };
  const unpermitted: Deletion[] = [];
  const hook = new pulumi.ResourceHook(
    `${permissions.stack}-protection`,
    async ({ urn, type, name: resource, oldInputs }) => {
      const object = protectedObject(type, resource, oldInputs);
      if (object === undefined) {
        return;
      }
      const stays = inProgram.objects.has(objectOf(object));
      const reason = inProgram.urns.has(urn) ? "replaced" : stays ? "moved" : "dropped";
      const deletion = { ...object, urn, reason } as const;
      if (isAllowed(deletion, permissions)) {
        return;
      }
      if (!isDryRun()) {
        throw new Error(
          `${describeDeletion(deletion, permissions)}\n` +
            "What this update did before stays; the next one goes on from there, and its preview shows all that it would delete.",
        );
      }
      if (unpermitted.push(deletion) === 1) {
        failAtExit(() => summarizeDeletions(unpermitted, permissions));
      }
      await pulumi.log.error(describeDeletion(deletion, permissions));
    },
    { onDryRun: true },
  );
  return ({ type, name: resource, props, opts }) => {
    const object = protectedObject(type, resource, props);
    if (object === undefined) {
      return undefined;
    }
    inProgram.objects.add(objectOf(object));
    pulumi.createUrn(resource, type, opts.parent).apply((urn) => inProgram.urns.add(urn));
    // With its deletion last, a replacement of another name would be there before the hook is asked.
    return { props, opts: pulumi.mergeOptions(opts, { hooks: { beforeDelete: [hook] }, deleteBeforeReplace: true }) };
  };
}

/**
 * Lets the program run to its end and then fail, and with it the preview, whose result Pulumi takes from both.
 *
 * An exit code that is set earlier would end the preview before it comes to the deletions of what the program no longer has.
 */
function failAtExit(message: () => string): void {
  process.once("exit", () => {
    console.error(message());
    process.exitCode ||= 1;
  });
}

function protectedObject(
  type: string,
  resource: string,
  inputs: unknown,
): { kind: ProtectedKind; name: string } | undefined {
  const kind = type.startsWith("kubernetes:") ? (type.split(":").at(-1) ?? "") : "";
  return isProtected(kind) ? { kind, name: named.safeParse(inputs).data?.metadata.name ?? resource } : undefined;
}
