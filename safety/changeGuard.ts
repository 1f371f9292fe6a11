import * as pulumi from "@pulumi/pulumi";
import { isDryRun } from "@pulumi/pulumi/runtime";
import { z } from "zod";
import type { LiveObjects } from "../cluster/liveObjects";
import { type Effect, effectsOf, hasFieldEffects, isRemovable, nameOf } from "./effects";
import { describeEffect, isAllowed, type ObjectEffect, summarizeEffects, type UpdatePermissions } from "./protection";

/**
 * Returns a transformation that tells what each deletion, replacement and update in place means for traffic and data, and fails
 * one that needs a permission and has none. On stacks where a deletion needs one, each object of a kind that does has a hook
 * before its deletion; this holds for an object that was dropped from the program too, as the state keeps the hook's name with
 * the object. Elsewhere a plain `pulumi destroy` works.
 *
 * A preview, and so an update that begins with one, goes on to its end, logs an error for each such effect, and fails. An
 * update without a preview stops at the first of them.
 */
export function changeGuard(live: LiveObjects, permissions: UpdatePermissions): pulumi.ResourceTransformation {
  const inProgram = { objects: new Set<string>(), urns: new Set<string>() };
  const unpermitted: ObjectEffect[] = [];
  const said = new Set<string>();

  /** Twelve Ingresses of one load balancer have one effect. */
  const say = async (text: string, log: (text: string) => Promise<void>) => {
    if (said.has(text)) return;
    said.add(text);
    await log(text);
  };
  const take = async (effect: ObjectEffect) => {
    if (isAllowed(effect, permissions)) {
      await say(`${effect.subject} ${effect.text}`, (text) => pulumi.log.warn(text));
      return;
    }
    const text = describeEffect(effect, permissions);
    if (!isDryRun()) {
      throw new Error(
        `${text}\nWhat this update did before stays; the next one goes on from there, and its preview shows all that it would lose.`,
      );
    }
    if (unpermitted.push(effect) === 1) {
      failAtExit(() => summarizeEffects(unpermitted, permissions));
    }
    await say(text, (error) => pulumi.log.error(error));
  };

  const beforeDelete = new pulumi.ResourceHook(
    `${permissions.stack}-protection`,
    async ({ urn, type, name: resource, oldInputs }) => {
      const { kind, name } = objectOf(type, resource, oldInputs);
      const isKept = inProgram.urns.has(urn);
      const [effect] = effectsOf({ does: isKept ? "replace" : "delete", kind, name, before: oldInputs });
      if (effect === undefined) return;
      const isMoved = !isKept && inProgram.objects.has(effect.subject);
      await take({ ...(isMoved ? moved(effect, urn) : effect), urn });
    },
    { onDryRun: true },
  );
  const beforeUpdate = new pulumi.ResourceHook(
    `${permissions.stack}-effects`,
    async ({ urn, type, name: resource, oldInputs, newInputs }) => {
      const { kind, name } = objectOf(type, resource, newInputs);
      const effects = effectsOf({ does: "update", kind, name, before: oldInputs, after: newInputs });
      for (const effect of effects) await take({ ...(await withoutGrowth(live, effect, newInputs)), urn });
    },
    { onDryRun: true },
  );
  return ({ type, name: resource, props, opts }) => {
    if (!type.startsWith("kubernetes:")) return undefined;
    const { kind, name } = objectOf(type, resource, props);
    const isGuarded = permissions.strictness.traffic === "allow" && isRemovable(kind);
    if (isGuarded) {
      inProgram.objects.add(`${kind}/${name}`);
      pulumi.createUrn(resource, type, opts.parent).apply((urn) => inProgram.urns.add(urn));
    }
    const hooks = {
      ...(hasFieldEffects(kind) && { beforeUpdate: [beforeUpdate] }),
      ...(isGuarded && { beforeDelete: [beforeDelete] }),
    };
    // With its deletion last, a replacement of another name would be there before the hook is asked.
    return { props, opts: pulumi.mergeOptions(opts, { hooks, ...(isGuarded && { deleteBeforeReplace: true }) }) };
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

/** An update would adopt the object under its new URN just before it is deleted under the old one. */
function moved(effect: Effect, urn: string): Effect {
  return {
    ...effect,
    text: "would be deleted, though the program has it under another URN: nothing would be left of it",
    way: `give the resource this alias in its options, or take its old name back: ${urn}`,
  };
}

function objectOf(type: string, resource: string, inputs: unknown): { readonly kind: string; readonly name: string } {
  return { kind: type.split(":").at(-1) ?? "", name: nameOf(inputs) ?? resource };
}

const claimShape = z.looseObject({
  apiVersion: z.string(),
  kind: z.literal("PersistentVolumeClaim"),
  metadata: z.looseObject({ name: z.string(), namespace: z.string() }),
});

const classShape = z.looseObject({ allowVolumeExpansion: z.boolean().default(false) });

const liveClaim = z.looseObject({ spec: z.looseObject({ storageClassName: z.string() }) });

/** Returns the effect of a claim's growth, with the way where its class lets no volume grow; any other as it is. */
async function withoutGrowth(live: LiveObjects, effect: Effect, inputs: unknown): Promise<Effect> {
  const claim = claimShape.safeParse(inputs).data;
  if (claim === undefined || effect.way !== undefined) return effect;
  const found = liveClaim.safeParse(await live.peek(claim)).data;
  if (found === undefined) return effect;
  const name = found.spec.storageClassName;
  const storageClass = await live.peek({ apiVersion: "storage.k8s.io/v1", kind: "StorageClass", metadata: { name } });
  if (storageClass === "forbidden" || classShape.safeParse(storageClass).data?.allowVolumeExpansion) return effect;
  return {
    ...effect,
    text: `would grow, and its storage class ${name} lets no volume grow`,
    way:
      `put its size back, or ask an administrator of the cluster for allowVolumeExpansion in storage class ${name}; volumes of EFS ` +
      "need no size",
  };
}
