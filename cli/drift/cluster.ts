import { specialSigKey } from "@pulumi/pulumi/runtime";
import { z } from "zod";
import { secretMarker } from "../../catalog/secrets";
import { type ClientArgs, kubernetesClient } from "../../cluster/kubernetesClient";
import { asServed, type LiveObjects, liveObjects, type ObjectReference, objectText } from "../../cluster/liveObjects";
import { clusterOf } from "../state/deployed";
import { type Difference, differences } from "./compare";
import { isExpected } from "./expected";
import { writersOf } from "./managers";
import type { Drift, Refreshed } from "./refreshed";
import { findStrangers } from "./strangers";

const objectShape = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string(), namespace: z.string().optional() }),
});

/** An object as it was deployed, with a marker in the place of each secret. */
type WantedObject = z.infer<typeof objectShape>;

/** The objects of a stack, and the cluster they were deployed to. */
export interface Deployed {
  readonly cluster?: ClientArgs;
  readonly objects: readonly WantedObject[];
}

/** What was found on a cluster beside what a refresh finds. */
export interface FoundOnCluster {
  readonly drift: readonly Drift[];
  /** Kinds that could not be looked for. */
  readonly unknown: readonly string[];
}

/**
 * Compares each object with what was deployed, whoever is named for a field, and finds what belongs to no stack. A refresh sees only
 * fields that Pulumi's own name is on.
 */
export async function driftOnCluster({ cluster, objects }: Deployed): Promise<FoundOnCluster> {
  if (cluster === undefined) return { drift: [], unknown: [] };
  const live = liveObjects(kubernetesClient(cluster));
  const compared = await Promise.all(objects.map((object) => compare(live, cluster, object)));
  const strangers = await findStrangers(live, objects);
  const drift = strangers.objects.map((object) => ({
    object: objectText(object),
    field: "",
    what: "belongs to no stack",
    undo: kubectl(cluster, "delete", object),
  }));
  return { drift: [...compared.flat(), ...drift], unknown: strangers.unknown };
}

/** Where a stack's objects are. */
export function deployed(refreshed: readonly Refreshed[]): Deployed {
  const cluster = clusterOf(refreshed.map(({ type, old }) => ({ type, inputs: old?.inputs })));
  const objects = refreshed
    .filter(({ type }) => type.startsWith("kubernetes:"))
    .flatMap(({ old }) => (old ? [objectShape.parse(old.inputs)] : []));
  return { objects, ...(cluster && { cluster }) };
}

async function compare(live: LiveObjects, cluster: ClientArgs, wanted: WantedObject): Promise<Drift[]> {
  const { apiVersion, kind, metadata } = wanted;
  const { name, namespace } = metadata;
  const reference = { apiVersion, kind, metadata: { name, ...(namespace !== undefined && { namespace }) } };
  // A refresh says what is gone.
  const found = await live.find(reference);
  if (found === undefined) return [];
  const drifted = differencesOf(wanted, found);
  const added = drifted.filter(({ what }) => what === "added");
  // From the last to the first, as each removal moves the items behind it.
  const operations = [...added].reverse().map(({ pointer }) => ({ op: "remove", path: pointer }));
  const undo = kubectl(cluster, "patch", reference, `--type json --patch '${JSON.stringify(operations)}'`);
  return drifted.map(({ what, field }) => {
    const writers = writersOf(field, found.metadata?.managedFields);
    const by = writers.length > 0 ? ` by ${writers.join(", ")}` : "; no other writer is named";
    return { object: objectText(reference), field, what: `${what}${by}`, ...(what === "added" && { undo }) };
  });
}

/** Returns where a live object is not as it was deployed and not as controllers leave it. */
export function differencesOf(wanted: WantedObject, found: object): Difference[] {
  const live = objectShape.parse(asServed(found));
  const managed = live.metadata.managedFields;
  return differences(comparable(wanted), comparable(live), { field: "", pointer: "" }).filter(
    ({ what, field, live: value }) =>
      what !== "added" || !isExpected({ kind: wanted.kind, field, value, writers: writersOf(field, managed) }),
  );
}

/** Returns where permissions or a policy are not as they were written, whatever the API server fills in and people annotate. */
export function grantDifferences(wanted: object, found: object): Difference[] {
  const own = ({ metadata: _metadata, status: _status, ...content }: WantedObject) => content;
  const [before, after] = [wanted, found].map((object) => own(objectShape.parse(asServed(object))));
  return differences(before, after, { field: "", pointer: "" }).filter(
    ({ what, field }) => what !== "added" || !/^spec\.|apiGroup$/.test(field),
  );
}

/** What the API server keeps for itself in an object's metadata. */
const kept = [
  "creationTimestamp",
  "deletionGracePeriodSeconds",
  "deletionTimestamp",
  "generation",
  "managedFields",
  "namespace",
  "resourceVersion",
  "selfLink",
  "uid",
];

/** Leaves out what nobody deploys. The API server keeps the texts of a Secret as its data. */
function comparable({ status: _status, stringData, metadata, ...object }: WantedObject): object {
  const own = Object.entries(metadata).filter(([field]) => !kept.includes(field));
  const data = object.kind === "Secret" ? { data: secretKeys(stringData ?? object.data) } : {};
  return { metadata: Object.fromEntries(own), ...object, ...data };
}

/** A refresh compares the values of a Secret; here only its keys are. */
function secretKeys(texts: unknown): unknown {
  // Pulumi's events have a Secret's texts as one secret.
  if (typeof texts !== "object" || texts === null || specialSigKey in texts) return secretMarker;
  return Object.fromEntries(Object.keys(texts).map((key) => [key, secretMarker]));
}

function kubectl({ context }: ClientArgs, verb: string, object: ObjectReference, flags = ""): string {
  const { name, namespace } = object.metadata;
  const where = [`--context ${context}`, ...(namespace === undefined ? [] : [`--namespace ${namespace}`])];
  return ["kubectl", verb, object.kind.toLowerCase(), name, ...where, flags].join(" ").trim();
}
