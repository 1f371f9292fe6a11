import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import type { PlainObject } from "../../components/objects";

/** What makes pods, and what a change of their template means where no pod is restarted. */
const kinds = { Deployment: "", StatefulSet: "", CronJob: " (from the next run)", Job: " (runs again)" } as const;

type Kind = keyof typeof kinds;

const noNotes = { Deployment: "", StatefulSet: "", CronJob: "", Job: "" } as const;

const kindNames: readonly Kind[] = ["Deployment", "StatefulSet", "CronJob", "Job"];

/** What makes pods, by its kind and the component that it is. */
export interface PodMaker {
  readonly kind: string;
  readonly metadata: { readonly labels: Readonly<Record<string, string>> };
}

/** Names what makes pods that change, as in `Deployments api, rows; Job mongodb-migration (runs again)`. */
export function podsText(makers: readonly PodMaker[], notes: Readonly<Record<Kind, string>> = kinds): string {
  const texts = kindNames.flatMap((kind) => {
    const names = componentsOf(makers.filter((maker) => maker.kind === kind));
    return names.length === 0 ? [] : [`${kind}${names.length === 1 ? "" : "s"} ${names.join(", ")}${notes[kind]}`];
  });
  return texts.join("; ");
}

/** Returns the components of what makes pods, each once. */
export function componentsOf(makers: readonly PodMaker[]): string[] {
  return [...new Set(makers.map(({ metadata }) => componentOf(metadata)))].sort();
}

/** Says which pods restart between two builds of a stack's objects, and if none does, which objects change. */
export function changeText(before: readonly PlainObject[], after: readonly PlainObject[]): string {
  const [old, now] = [before.filter(makesPods), after.filter(makesPods)];
  const texts = [
    podsText(now.filter((object) => old.some((other) => isSame(object, other) && !hasSamePods(object, other)))),
    prefixed("adds ", podsText(missingFrom(old, now), noNotes)),
    prefixed("removes ", podsText(missingFrom(now, old), noNotes)),
  ].filter((text) => text !== "");
  return texts.length > 0 ? texts.join("; ") : otherChanges(before, after);
}

function otherChanges(before: readonly PlainObject[], after: readonly PlainObject[]): string {
  const isIn = (objects: readonly PlainObject[], object: PlainObject) =>
    objects.some((other) => isDeepStrictEqual(other, object));
  const changed = [
    ...after.filter((object) => !isIn(before, object)),
    ...before.filter((object) => !isIn(after, object)),
  ].map(({ kind, metadata }) => `${kind} ${componentOf(metadata)}`);
  const [first, ...others] = [...new Set(changed)];
  return first === undefined ? "" : `nothing; changes ${first}${prefixed(" and ", others.slice(0, 3).join(", "))}`;
}

function prefixed(prefix: string, text: string): string {
  return text === "" ? "" : `${prefix}${text}`;
}

/** The objects that are the component and kind of none of the others. */
function missingFrom(others: readonly PlainObject[], objects: readonly PlainObject[]): PlainObject[] {
  return objects.filter((object) => !others.some((other) => isSame(object, other)));
}

function isSame(left: PlainObject, right: PlainObject): boolean {
  return left.kind === right.kind && componentOf(left.metadata) === componentOf(right.metadata);
}

function makesPods({ kind }: PlainObject): boolean {
  return kindNames.some((name) => name === kind);
}

function hasSamePods(left: PlainObject, right: PlainObject): boolean {
  return isDeepStrictEqual(templateOf(left), templateOf(right));
}

const podSource = z.looseObject({ template: z.unknown().optional(), jobTemplate: z.unknown().optional() });

function templateOf({ spec }: PlainObject): unknown {
  const { template, jobTemplate } = podSource.parse(spec);
  return template ?? jobTemplate;
}

function componentOf({ labels }: PodMaker["metadata"]): string {
  return labels["app.kubernetes.io/component"] ?? "";
}
