import type { OpType, StepEventMetadata, StepEventStateMetadata, SummaryEvent } from "@pulumi/pulumi/automation";
import { z } from "zod";
import { errorText, UserError } from "../../cluster/userError";
import { redact } from "../../safety/redaction";
import { asNext, nextSteps } from "../diagnosis/nextSteps";
import { type Forecast, forecast, type PlannedObject } from "../forecast/forecast";
import { cutShort, type Diagnostic, plainText } from "../lib/automation";
import { maskInputs } from "./secrets";

/** What an update does to an object, the most drastic first. */
export const effects = ["replace", "delete", "update", "create"] as const;

export type Effect = (typeof effects)[number];

type Inputs = Readonly<Record<string, unknown>>;

/** One object that an update would touch. No text of it holds a secret. */
export interface Change {
  readonly effect: Effect;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
  /** What the state holds; undefined for a new object. */
  readonly before?: Inputs;
  /** What the program wants; undefined for one that goes. */
  readonly after?: Inputs;
  /** Paths of the properties that differ, as Pulumi names them. */
  readonly touched: readonly string[];
  /** Those among them that force a replacement. */
  readonly forcing: readonly string[];
}

/** What a preview of a stack says. */
export interface Plan {
  readonly stack: string;
  /** All of them; of a preview that failed, those that it came to. */
  readonly changes: readonly Change[];
  /** How many resources stay as they are. */
  readonly unchanged: number;
  readonly warnings: readonly string[];
  /** What it does to what runs; undefined where the preview failed, or an object is not to be read. */
  readonly forecast?: Forecast;
  /** Why the preview failed; undefined when it did not. */
  readonly failure?: readonly string[];
}

/** What each step of Pulumi means for the object; undefined for nothing that a reviewer has to know. */
const effectOf = {
  same: undefined,
  create: "create",
  update: "update",
  delete: "delete",
  replace: "replace",
  "create-replacement": "replace",
  "delete-replaced": "replace",
  import: "create",
  "import-replacement": "replace",
  read: undefined,
  "read-replacement": undefined,
  refresh: undefined,
  discard: undefined,
  "discard-replaced": undefined,
  "remove-pending-replace": undefined,
} as const satisfies Readonly<Record<OpType, Effect | undefined>>;

type State = Pick<StepEventStateMetadata, "custom" | "inputs" | "type">;

type Step = Pick<StepEventMetadata, "detailedDiff" | "diffs" | "keys" | "op" | "urn"> & {
  readonly old?: State;
  readonly new?: State;
};

/** What a review reads of Pulumi's events. */
export interface PlanEvent {
  readonly resourcePreEvent?: { readonly metadata: Step };
  readonly diagnosticEvent?: Diagnostic;
  readonly summaryEvent?: Pick<SummaryEvent, "resourceChanges">;
}

/** How Pulumi ends when a preview failed, which says no more than the heading does. */
const lastWords: readonly string[] = [
  "preview failed",
  "BAIL: run bailed",
  "an unhandled error occurred: Program exited with non-zero exit code: 1",
];

/**
 * What a preview of a stack says.
 *
 * @param ended how Pulumi ended where the preview failed. Default: it did not.
 * @throws for an operation that is not known, and where the events of a preview that did not fail have no summary.
 */
export function readPlan(stack: string, events: readonly PlanEvent[], ended?: string): Plan {
  const said = (severity: string) => [
    ...new Set(
      events
        .flatMap(({ diagnosticEvent }) => diagnosticEvent ?? [])
        .filter((diagnostic) => diagnostic.severity === severity)
        .map(({ urn, message }) => redact(attribute(urn ?? "", cleanText(message))))
        .filter((message) => message !== ""),
    ),
  ];
  const steps = events.flatMap(({ resourcePreEvent }) => resourcePreEvent?.metadata ?? []);
  const changes = pairRenamed(changesOf(stack, steps));
  const errors = said("error").filter((message, _, all) => !lastWords.includes(message) || all.length === 1);
  const summary = events.flatMap(({ summaryEvent }) => summaryEvent ?? []).at(-1);
  const plan = { stack, unchanged: summary?.resourceChanges.same ?? 0, warnings: said("warning") };
  if (ended !== undefined) {
    return { ...plan, changes, failure: errors.length > 0 ? errors : [cleanText(ended)] };
  }
  if (summary === undefined) throw cutShort();
  const warnings = [...errors, ...plan.warnings];
  try {
    return { ...plan, warnings, changes, forecast: forecast(plannedObjects(steps)) };
  } catch (error) {
    return { ...plan, warnings: [...warnings, `there is no forecast: ${cleanText(errorText(error))}`], changes };
  }
}

/** Returns the error of an update whose preview failed, with the words of that and the next step of each known cause. */
export function previewFailed({ stack, failure = [] }: Plan): UserError {
  const said = failure.join("\n");
  return new UserError(
    `the preview of stack ${stack} failed; no changes were made:\n${said}`,
    asNext(nextSteps(stack, said)),
  );
}

/** A preview that could not even start. */
export function failedPlan(stack: string, message: string): Plan {
  return { stack, changes: [], unchanged: 0, warnings: [], failure: [cleanText(message)] };
}

/** Every object, changed or not, as it is and as it shall be. Its values are raw, and not to be shown. */
function plannedObjects(steps: readonly Step[]): PlannedObject[] {
  const byUrn = new Map<string, PlannedObject>();
  for (const { urn, op, old, new: wanted, ...step } of steps) {
    if (!(wanted ?? old)?.custom) continue;
    const earlier = byUrn.get(urn);
    const [before, after] = [earlier?.before ?? old?.inputs, wanted?.inputs ?? earlier?.after];
    byUrn.set(urn, {
      ...(before && op !== "create" && { before }),
      ...(after && op !== "delete" && { after }),
      replaced: effectOf[op] === "replace",
      touched: touchedBy(step),
    });
  }
  return [...byUrn.values()];
}

function touchedBy({ detailedDiff, diffs = [] }: Pick<Step, "detailedDiff" | "diffs">): readonly string[] {
  const detailed = Object.keys(detailedDiff ?? {});
  return detailed.length > 0 ? detailed : diffs;
}

/** A replacement is several steps of one object. */
function changesOf(stack: string, steps: readonly Step[]): Change[] {
  const byUrn = new Map<string, Change>();
  for (const one of steps) {
    if (!Object.hasOwn(effectOf, one.op)) {
      throw new UserError(
        `cannot read what Pulumi would do: op ${one.op} of ${one.urn} is not known`,
        `ds preview ${stack} shows it; effectOf in cli/review/plan.ts is where to add it`,
      );
    }
    const effect = effectOf[one.op];
    const isObject = (one.new ?? one.old)?.custom ?? false;
    if (effect === undefined || !isObject) continue;
    const change = changeOf(one, effect);
    const earlier = byUrn.get(one.urn);
    byUrn.set(one.urn, earlier === undefined ? change : merge(earlier, change));
  }
  // Pulumi's order is another one each time.
  const sortKey = ({ kind, namespace = "", name }: Change) => `${kind}/${namespace}/${name}`;
  return [...byUrn.values()].sort((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1));
}

function changeOf({ urn, old, new: wanted, ...step }: Step, effect: Effect): Change {
  const { name, namespace } = metadata.parse((wanted ?? old)?.inputs ?? {}).metadata;
  const detailed = Object.entries(step.detailedDiff ?? {});
  const replacing = detailed.filter(([, { diffKind }]) => diffKind.includes("replace")).map(([path]) => path);
  return {
    effect,
    kind: (wanted ?? old)?.type.split(":").at(-1) ?? "",
    name: redact(name ?? urn.split("::").at(-1) ?? urn),
    ...(namespace !== undefined && { namespace: redact(namespace) }),
    // A new object is compared with nothing, and one that goes needs no second look.
    ...(old && effect !== "create" && { before: maskInputs(old.inputs) }),
    ...(wanted && effect !== "delete" && { after: maskInputs(wanted.inputs) }),
    touched: touchedBy(step).map(redact),
    forcing: (replacing.length > 0 ? replacing : (step.keys ?? [])).map(redact),
  };
}

const metadata = z.looseObject({
  metadata: z
    .looseObject({ name: z.string().optional().catch(undefined), namespace: z.string().optional().catch(undefined) })
    .catch({}),
});

function merge(one: Change, other: Change): Change {
  const union = (lists: readonly (readonly string[])[]) => [...new Set(lists.flat())];
  return {
    ...one,
    ...other,
    ...((one.before ?? other.before) && { before: one.before ?? other.before }),
    ...((one.after ?? other.after) && { after: one.after ?? other.after }),
    touched: union([one.touched, other.touched]),
    forcing: union([one.forcing, other.forcing]),
  };
}

/** The end of a name that is made from the object's content (docs/decisions/0001). */
const contentHash = /-[0-9a-f]{10}$/;

/** An object named by its content comes and goes with each change of it: told as one replacement, with what differs. */
function pairRenamed(changes: readonly Change[]): Change[] {
  const baseOf = ({ kind, name, namespace = "" }: Change) => [kind, namespace, name.replace(contentHash, "")].join("/");
  const hashed = changes.filter(({ kind, name }) => kind === "ConfigMap" && contentHash.test(name));
  const pairs = hashed.flatMap((gone) => {
    const came = hashed.filter(
      ({ effect, ...other }) => effect === "create" && baseOf({ effect, ...other }) === baseOf(gone),
    );
    const [successor] = came;
    return gone.effect === "delete" && successor !== undefined && came.length === 1 ? [{ gone, successor }] : [];
  });
  return changes.flatMap((change) => {
    if (pairs.some(({ gone }) => gone === change)) return [];
    const pair = pairs.find(({ successor }) => successor === change);
    if (pair === undefined) return [change];
    return [{ ...change, effect: "replace" as const, before: pair.gone.before, forcing: ["data"] }];
  });
}

function attribute(urn: string, message: string): string {
  const [types = "", name = ""] = urn.split("::").slice(-2);
  const type = types.split(":").at(-1) ?? "";
  return message === "" || type === "" || type === "Stack" ? message : `${type} ${name}: ${message}`;
}

/** Returns what Pulumi says, without the colours and secrets that it may hold. */
function cleanText(text: string): string {
  return redact(plainText(text)).replace(/^(error|warning): /, "");
}
