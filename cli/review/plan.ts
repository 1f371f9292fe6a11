import { stripVTControlCharacters } from "node:util";
import { z } from "zod";
import type { RunResult } from "../../tools/run";
import { parseJson } from "../json";
import { maskInputs, redact } from "./secrets";

/** What an update does to an object, the most drastic first. */
export const effects = ["replace", "delete", "update", "create"] as const;

export type Effect = (typeof effects)[number];

type Inputs = Readonly<Record<string, unknown>>;

/** One object that an update would touch. Its inputs hold no secret. */
export interface Change {
  readonly effect: Effect;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
  /** What the state holds; undefined for a new object. */
  readonly before?: Inputs;
  /** What the program wants; undefined for one that goes. */
  readonly after?: Inputs;
  /** Paths of the properties that differ, as the engine names them. */
  readonly touched: readonly string[];
  /** Those among them that force a replacement. */
  readonly forcing: readonly string[];
}

/** What a preview of a stack says. */
export interface Plan {
  readonly stack: string;
  readonly changes: readonly Change[];
  /** How many resources stay as they are. */
  readonly unchanged: number;
  readonly warnings: readonly string[];
  /** Why the preview failed; undefined when it did not. */
  readonly failure?: readonly string[];
}

/** What each step of the engine means for the object; undefined for nothing that a reviewer has to know. */
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
} as const satisfies Readonly<Record<string, Effect | undefined>>;

const operations = Object.keys(effectOf).filter((operation): operation is keyof typeof effectOf =>
  Object.hasOwn(effectOf, operation),
);

const state = z.looseObject({
  type: z.string(),
  custom: z.boolean().default(false),
  inputs: z.record(z.string(), z.unknown()).default({}),
});

const step = z.looseObject({
  op: z.enum(operations),
  urn: z.string(),
  oldState: state.nullish(),
  newState: state.nullish(),
  diffReasons: z.array(z.string()).nullish(),
  replaceReasons: z.array(z.string()).nullish(),
  detailedDiff: z.record(z.string(), z.looseObject({ kind: z.string() })).nullish(),
});

type Step = z.infer<typeof step>;

const digest = z.looseObject({
  steps: z.array(step).nullish(),
  diagnostics: z
    .array(z.looseObject({ urn: z.string().nullish(), message: z.string(), severity: z.string() }))
    .nullish(),
  changeSummary: z.looseObject({ same: z.number().default(0) }).nullish(),
});

/** How the engine ends when a preview failed, which says no more than the heading does. */
const lastWords: readonly string[] = [
  "preview failed",
  "BAIL: run bailed",
  "an unhandled error occurred: Program exited with non-zero exit code: 1",
];

/** What `pulumi preview --json` of a stack says, as it ended. */
export function parsePlan(stack: string, { code, stdout, stderr }: RunResult): Plan {
  const parsed = digest.safeParse(parseJson(stdout));
  if (!parsed.success) {
    const said = cleanText(stderr) || cleanText(stdout) || `the engine ended with exit code ${code} and said nothing`;
    const unread = code === 0 ? [`cannot read what the engine printed: ${z.prettifyError(parsed.error)}`] : [said];
    return { stack, changes: [], unchanged: 0, warnings: [], failure: unread };
  }
  const { steps, diagnostics, changeSummary } = parsed.data;
  const said = (severity: string) => [
    ...new Set(
      (diagnostics ?? [])
        .filter((diagnostic) => diagnostic.severity === severity)
        .map(({ urn, message }) => attribute(urn ?? "", cleanText(message)))
        .filter((message) => message !== ""),
    ),
  ];
  const errors = said("error").filter((message, _, all) => !lastWords.includes(message) || all.length === 1);
  const plan = { stack, unchanged: changeSummary?.same ?? 0, warnings: said("warning") };
  if (code !== 0) {
    return { ...plan, changes: [], failure: errors.length > 0 ? errors : [cleanText(stderr)] };
  }
  return { ...plan, warnings: [...errors, ...plan.warnings], changes: pairRenamed(changesOf(steps ?? [])) };
}

/** A preview that could not even start. */
export function failedPlan(stack: string, message: string): Plan {
  return { stack, changes: [], unchanged: 0, warnings: [], failure: [cleanText(message)] };
}

/** A replacement is several steps of one object. */
function changesOf(steps: readonly Step[]): Change[] {
  const byUrn = new Map<string, Change>();
  for (const one of steps) {
    const effect = effectOf[one.op];
    const isObject = one.newState?.custom ?? one.oldState?.custom ?? false;
    if (effect === undefined || !isObject) continue;
    const change = changeOf(one, effect);
    const earlier = byUrn.get(one.urn);
    byUrn.set(one.urn, earlier === undefined ? change : merge(earlier, change));
  }
  // The engine's order is another one each time.
  const sortKey = ({ kind, namespace = "", name }: Change) => `${kind}/${namespace}/${name}`;
  return [...byUrn.values()].sort((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1));
}

function changeOf({ urn, oldState, newState, ...step }: Step, effect: Effect): Change {
  const inputs = newState?.inputs ?? oldState?.inputs ?? {};
  const { name, namespace } = metadata.parse(inputs).metadata;
  const detailed = Object.entries(step.detailedDiff ?? {});
  const replacing = detailed.filter(([, { kind }]) => kind.includes("replace")).map(([path]) => path);
  return {
    effect,
    kind: (newState ?? oldState)?.type.split(":").at(-1) ?? "",
    name: name ?? urn.split("::").at(-1) ?? urn,
    ...(namespace !== undefined && { namespace }),
    // A new object is compared with nothing, and one that goes needs no second look.
    ...(oldState && effect !== "create" && { before: maskInputs(oldState.inputs) }),
    ...(newState && effect !== "delete" && { after: maskInputs(newState.inputs) }),
    touched: detailed.length > 0 ? detailed.map(([path]) => path) : (step.diffReasons ?? []),
    forcing: replacing.length > 0 ? replacing : (step.replaceReasons ?? []),
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

/** What the engine says, without the colours and secrets that it may hold. */
function cleanText(text: string): string {
  return redact(stripVTControlCharacters(text).replace(/<\{%[^%]*%\}>/g, ""))
    .replace(/^(error|warning): /, "")
    .trim();
}
