import { Refusal } from "./refusal";

/** Which objects a run may take away although they are kept. */
export interface LossPermissions {
  readonly stack: string;
  /** Each entry is the name of an object as objectOf gives it, its URN, or the name of the whole stack. */
  readonly allowed: readonly string[];
}

/** An object that a run deletes. */
export interface Loss {
  readonly kind: KeptKind;
  readonly name: string;
  readonly urn: string;
  /**
   * Whether the program has the object no more, has it still, so that it is made anew unless all is destroyed, or has it
   * under another URN: it would be taken over first and then deleted, and nothing would be left of it.
   */
  readonly fate: "dropped" | "replaced" | "moved";
}

/** The kinds whose objects no run takes away unasked, each with what goes with one. */
const consequences = {
  Namespace: "it stays on the cluster with all that is in it (retainOnDelete), and the stack no longer knows of it",
  Deployment: "its pods stop: nobody answers its requests or works on its jobs until other pods are ready",
  StatefulSet: "its pods stop: a database's clients wait for new ones. The volumes of its pods stay",
  Service: "requests to its name fail, and load balancers lose its pods until they know those of a new one",
  Ingress: "its rules leave the load balancer; the last of a group takes the load balancer and its address along",
  Secret: "pods that run go on, but none that starts can read it, one that crashed or was moved included",
  PersistentVolumeClaim: "its volume is let go; with reclaim policy Delete its files are deleted",
} as const;

export type KeptKind = keyof typeof consequences;

export const keptKinds = Object.keys(consequences).filter(isKept);

/** The kinds that the engine protects besides: it ends a plan at their deletion, and says only that they are protected. */
const protectedKinds: readonly KeptKind[] = ["Namespace", "PersistentVolumeClaim"];

/** What becomes of an object, as in `would be ...`. */
const fates = {
  dropped: "deleted",
  replaced: "deleted, if only to be made anew",
  moved: "deleted, though the program has it under another URN",
} as const satisfies Readonly<Record<Loss["fate"], string>>;

/** How many objects a message names each by itself. */
const longestList = 10;

export function isKept(kind: string): kind is KeptKind {
  return Object.hasOwn(consequences, kind);
}

/** How people name an object, as in Service/datasets-server-prod-api. */
export function objectOf({ kind, name }: Pick<Loss, "kind" | "name">): string {
  return `${kind}/${name}`;
}

/** How people name all objects of a stack. */
export function wholeStack(stack: string): string {
  return `Stack/${stack}`;
}

/**
 * Throws a Refusal when a plan takes away what it may not, or when it was given a permission that it has no use for, which
 * nobody knows of a plan that ended early because of something else.
 */
export function refusePlan(
  losses: readonly Loss[],
  permissions: LossPermissions,
  { endedEarly = false }: { readonly endedEarly?: boolean } = {},
): void {
  const refused = refusedOf(losses, permissions);
  const useless = endedEarly
    ? []
    : permissions.allowed.filter((entry) => !losses.some((loss) => isNamed(loss, entry, permissions)));
  const paragraphs = [
    ...(refused.length > 0 ? [refusedPlan(refused, losses, permissions)] : []),
    ...useless.map(
      (entry) => `DATASETS_SERVER_ALLOW: "${entry}" is not allowed: this run deletes nothing by that name`,
    ),
  ];
  if (paragraphs.length > 0) {
    throw new Refusal([...paragraphs, "Nothing was touched."].join("\n"));
  }
}

/** Throws, in the middle of a plan, what is known of it when the engine would end it at this object by itself. */
export function refuseProtected(losses: readonly Loss[], permissions: LossPermissions): void {
  const refused = refusedOf(losses, permissions);
  if (refused.some(({ kind }) => protectedKinds.includes(kind))) {
    throw new Error([refusedPlan(refused, losses, permissions), "Nothing was touched."].join("\n"));
  }
}

/** Throws when an update that is under way comes to an object which it may not delete. */
export function refuseStep(loss: Loss, permissions: LossPermissions): void {
  if (isAllowed(loss, permissions)) {
    return;
  }
  throw new Error(
    [
      `this run stopped: of stack ${permissions.stack} now ${described(loss)}`,
      `  ${loss.kind}: ${consequences[loss.kind]}`,
      ...nextSteps([loss], [loss], permissions),
      "What the run did before stays; the next one goes on from there, and its preview shows all that it would delete.",
    ].join("\n"),
  );
}

function refusedOf(losses: readonly Loss[], permissions: LossPermissions): Loss[] {
  return losses.filter((loss) => !isAllowed(loss, permissions)).sort(byKind);
}

function refusedPlan(refused: readonly Loss[], losses: readonly Loss[], permissions: LossPermissions): string {
  const rest = refused.slice(longestList);
  const kinds = keptKinds.filter((kind) => refused.some((loss) => loss.kind === kind));
  return [
    `this run would take from stack ${permissions.stack} what carries its traffic or data:`,
    ...refused.slice(0, longestList).map((loss) => `  ${described(loss)}`),
    ...(rest.length > 0 ? [`  and ${rest.length} more: ${counted(rest)}`] : []),
    "What that means:",
    ...kinds.map((kind) => `  ${kind}: ${consequences[kind]}`),
    ...nextSteps(refused, losses, permissions),
  ].join("\n");
}

function described(loss: Loss): string {
  return `${objectOf(loss)} would be ${fates[loss.fate]}: ${loss.urn}`;
}

function counted(losses: readonly Loss[]): string {
  const counts = keptKinds.map((kind) => [losses.filter((loss) => loss.kind === kind).length, kind] as const);
  return counts.flatMap(([count, kind]) => (count > 0 ? [`${count} ${kind}`] : [])).join(", ");
}

/** What to do about refused objects, where `losses` is all that the run deletes. */
function nextSteps(refused: readonly Loss[], losses: readonly Loss[], permissions: LossPermissions): string[] {
  const { stack, allowed } = permissions;
  const moved = refused.some(({ fate }) => fate === "moved");
  const meant = losses.filter(({ fate }) => fate !== "moved");
  const used = allowed.filter((entry) => meant.some((loss) => isNamed(loss, entry, permissions)));
  const wanted = meant.filter((loss) => !used.some((entry) => isNamed(loss, entry, permissions))).sort(byKind);
  const permission = meant.length > longestList ? wholeStack(stack) : [...used, ...wanted.map(objectOf)].join(" ");
  return [
    "Next, when it is not meant: put it back as it was",
    ...(moved
      ? ["  the same object under another URN: give it an alias in its options, or take its old name back"]
      : []),
    ...(refused.some(({ fate }) => fate !== "moved")
      ? [
          `Next, when it is meant, for one run: make deploy STACK=${stack} ALLOW="${permission}"`,
          `  or DATASETS_SERVER_ALLOW="${permission}" pulumi up -s ${stack}; first read docs/runbook.md, Delete or replace on purpose`,
        ]
      : []),
  ];
}

/** What moved is never allowed: its deletion would be a surprise to whoever meant the object itself. */
function isAllowed(loss: Loss, permissions: LossPermissions): boolean {
  return loss.fate !== "moved" && permissions.allowed.some((entry) => isNamed(loss, entry, permissions));
}

function isNamed(loss: Loss, entry: string, { stack }: Pick<LossPermissions, "stack">): boolean {
  return [loss.urn, objectOf(loss), wholeStack(stack)].includes(entry);
}

/** The kinds in their own order, which begins with the most drastic; the engine's order is another one each time. */
function byKind(one: Loss, other: Loss): number {
  const kinds = keptKinds.indexOf(one.kind) - keptKinds.indexOf(other.kind);
  return kinds !== 0 ? kinds : objectOf(one).localeCompare(objectOf(other));
}
