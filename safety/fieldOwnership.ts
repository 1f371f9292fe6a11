import { isDeepStrictEqual } from "node:util";
import * as pulumi from "@pulumi/pulumi";
import { isDryRun } from "@pulumi/pulumi/runtime";
import { z } from "zod";
import { scaledByAnnotation } from "../catalog/names";
import { asServed, type LiveObjects, objectText } from "../cluster/liveObjects";
import { fieldSegment, itemKeys, pulumiManager } from "../cluster/managedFields";
import { apiVersions } from "../components/objects";

/** A field that the program sets and that another manager has given another value. */
export interface TakenField {
  readonly manager: string;
  /** As in `spec.template.spec.containers[name=api].image`. */
  readonly field: string;
  /** What it is on the cluster. */
  readonly live: unknown;
  /** What the program sets it to. */
  readonly ours: unknown;
}

const textMap = z.record(z.string(), z.string());

const objectShape = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({
    name: z.string(),
    namespace: z.string().optional(),
    annotations: textMap.default({}),
  }),
  spec: z.looseObject({}).optional(),
});

type Inputs = z.infer<typeof objectShape>;

const owners = z.array(
  z.looseObject({
    manager: z.string().default("an unnamed manager"),
    subresource: z.string().optional(),
    fieldsV1: z.looseObject({}).default({}),
  }),
);

/**
 * Returns a hook that comes before the update of an object. It warns of each field of the program's that another manager has
 * given another value, as the update takes it back; and it deletes the autoscaler of a Deployment whose number of pods is the
 * program's again, which would undo the update otherwise: Pulumi deletes it last.
 */
export function fieldOwnershipHook(stack: string, live: LiveObjects): pulumi.ResourceHook {
  return new pulumi.ResourceHook(
    `${stack}-field-ownership`,
    async ({ oldInputs, newInputs }) => {
      const [before, after] = [objectShape.safeParse(oldInputs).data, objectShape.safeParse(newInputs).data];
      if (before === undefined || after === undefined) return;
      const wasScaled = isScaled(before);
      await warnOfTaken(live, after, wasScaled || isScaled(after) ? ["spec.replicas"] : []);
      if (wasScaled && !isScaled(after) && !isDryRun()) {
        const { name, namespace } = after.metadata;
        const kind = "HorizontalPodAutoscaler";
        await live.remove({ apiVersion: apiVersions[kind], kind, metadata: { name, ...(namespace && { namespace }) } });
      }
    },
    { onDryRun: true },
  );
}

/** A Deployment that an autoscaler scales says so; one of an earlier version, or as it was adopted, has no number of pods. */
function isScaled({ kind, metadata, spec }: Inputs): boolean {
  const hasNumber = kind !== "Deployment" || spec?.replicas !== undefined;
  return metadata.annotations[scaledByAnnotation] !== undefined || !hasNumber;
}

async function warnOfTaken(cluster: LiveObjects, inputs: Inputs, autoscalers: readonly string[]): Promise<void> {
  // A Job runs once, as it was made, and its controller writes into it.
  if (inputs.kind === "Job") return;
  const { apiVersion, kind, metadata } = inputs;
  const reference = { apiVersion, kind, metadata: { name: metadata.name, namespace: metadata.namespace ?? "" } };
  const found = await cluster.peek(reference);
  if (found === undefined || found === "forbidden") return;
  const taken = takenFields(asStored(inputs), found).filter(({ field }) => !autoscalers.includes(field));
  const isSecret = kind === "Secret";
  const lines = taken.map(({ manager, field, live, ours }) =>
    isSecret ? `  ${field}, set by ${manager}` : `  ${field} to ${shown(ours)}, from ${shown(live)}, set by ${manager}`,
  );
  if (lines.length > 0) {
    await pulumi.log.warn(
      [
        `${objectText(reference)}: others have changed what the program sets, and this update sets back:`,
        ...lines,
      ].join("\n"),
    );
  }
}

/** Returns the fields that `wanted` sets and that another manager has given another value in `found`. */
export function takenFields(wanted: object, found: { readonly metadata?: { managedFields?: unknown } }): TakenField[] {
  const live = asServed(found);
  return owners
    .parse(Object(live).metadata?.managedFields ?? [])
    .filter(({ manager, subresource }) => manager !== pulumiManager && subresource !== "status")
    .flatMap(({ manager, fieldsV1 }) =>
      differing(fieldsV1, { ours: wanted, live, path: "" }).map((field) => ({ manager, ...field })),
    );
}

interface Place {
  readonly ours: unknown;
  readonly live: unknown;
  readonly path: string;
}

function differing(fields: object, { ours, live, path }: Place): Omit<TakenField, "manager">[] {
  // What the program does not set is another's own.
  if (ours === undefined) return [];
  const inner = Object.entries(fields).filter(([key]) => key !== ".");
  if (inner.length === 0) return isDeepStrictEqual(ours, live) ? [] : [{ field: path, ours, live }];
  return inner
    .filter(([key]) => !key.startsWith("v:"))
    .flatMap(([key, value]) =>
      differing(Object(value), {
        ours: child(ours, key),
        live: child(live, key),
        path: path + fieldSegment(key, path),
      }),
    );
}

/** Returns what a key of a `fieldsV1` is in: a field of an object, or an item of a list. */
function child(parent: unknown, key: string): unknown {
  if (typeof parent !== "object" || parent === null) return undefined;
  if (key.startsWith("f:")) return new Map(Object.entries(parent)).get(key.slice(2));
  const keys = Object.entries(itemKeys(key));
  return Object.values(parent).find((item) => keys.every(([name, value]) => Object(item)[name] === value));
}

/** Returns a Secret as the API server stores what it was given as text, and any other object as it is. */
function asStored(inputs: Inputs): object {
  const texts = textMap.safeParse(inputs.stringData).data;
  if (texts === undefined) return inputs;
  const data = Object.entries(texts).map(([key, text]) => [key, Buffer.from(text).toString("base64")]);
  return { ...inputs, data: Object.fromEntries(data) };
}

function shown(value: unknown): string {
  return JSON.stringify(value) ?? "nothing";
}
