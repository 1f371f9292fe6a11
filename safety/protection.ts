/** Which protected objects one update may delete or replace. */
export interface DeletionPermissions {
  readonly stack: string;
  /** Each entry is an object as objectOf names it, its URN, or the name of the whole stack. */
  readonly allowed: readonly string[];
}

/** The deletion of a protected object. */
export interface Deletion {
  readonly kind: ProtectedKind;
  readonly name: string;
  readonly urn: string;
  /**
   * `dropped`: the program no longer has the object. `replaced`: it has it still, which is so in a destroy too. `moved`: it has it under another URN, which
   * would adopt the object just before it is deleted.
   */
  readonly reason: "dropped" | "replaced" | "moved";
}

/** The kinds whose objects no update deletes or replaces unless it is allowed by name, and what happens when one goes. */
const consequences = {
  Namespace: "it stays on the cluster with all that is in it (retainOnDelete), and the stack no longer knows of it",
  Deployment: "its pods stop: no one answers its requests or works on its jobs until other pods are ready",
  StatefulSet: "its pods stop: a database's clients wait for new ones. The volumes of its pods stay",
  Service: "requests to its name fail, and load balancers lose its pods until they know those of a new one",
  Ingress: "its rules leave the load balancer; the last of a group takes the load balancer and its address along",
  Secret: "running pods go on, but none that starts can read it, one that crashed or was moved included",
  PersistentVolumeClaim: "its volume is released; with reclaim policy Delete its files are deleted",
} as const;

export type ProtectedKind = keyof typeof consequences;

export const protectedKinds = Object.keys(consequences).filter(isProtected);

/** How many objects a command names each by itself. */
const longestList = 10;

export function isProtected(kind: string): kind is ProtectedKind {
  return Object.hasOwn(consequences, kind);
}

/** Returns how people name an object, as in Service/datasets-server-prod-api. */
export function objectOf({ kind, name }: Pick<Deletion, "kind" | "name">): string {
  return `${kind}/${name}`;
}

/** Returns how people name all objects of a stack. */
export function wholeStack(stack: string): string {
  return `Stack/${stack}`;
}

/** Tells whether a deletion is allowed; that of a moved object never is, as no one who names the object means it. */
export function isAllowed(deletion: Deletion, { stack, allowed }: DeletionPermissions): boolean {
  const names = [objectOf(deletion), deletion.urn, wholeStack(stack)];
  return deletion.reason !== "moved" && allowed.some((entry) => names.includes(entry));
}

/** Returns the message for one deletion without permission: the object, what happens when it goes, and how to go on. */
export function describeDeletion(deletion: Deletion, { stack }: DeletionPermissions): string {
  const { kind, urn, reason } = deletion;
  const object = objectOf(deletion);
  if (reason === "moved") {
    return [
      `${object} would be deleted, though the program has it under another URN: nothing would be left of it`,
      `  Next: give the resource this alias in its options, or take its old name back: ${urn}`,
    ].join("\n");
  }
  return [
    `${object} would be deleted${reason === "replaced" ? ", and recreated unless this is a destroy" : ""}: ${consequences[kind]}`,
    "  Next, if it is not meant: put it back as it was",
    `  Next, if it is meant, for one update: ds deploy ${stack} --allow ${object}`,
  ].join("\n");
}

/** Returns the message for a preview with such deletions: how many there are, and the one command that allows them all. */
export function summarizeDeletions(deletions: readonly Deletion[], { stack, allowed }: DeletionPermissions): string {
  const meant = deletions.filter(({ reason }) => reason !== "moved").map(objectOf);
  const names = [...allowed, ...meant.sort()];
  const permission = names.length > longestList ? wholeStack(stack) : names.join(" ");
  const resources = deletions.length === 1 ? "1 protected resource" : `${deletions.length} protected resources`;
  return [
    `this update would delete ${resources} of stack ${stack}; no changes were made`,
    ...(meant.length > 0
      ? [
          `Next, if all of it is meant, for one update: ds deploy ${stack} --allow ${permission}`,
          `  or, for any command of Pulumi's: DATASETS_SERVER_ALLOW="${permission}" pulumi up -s ${stack}`,
          "  First read docs/runbook.md, Delete or replace on purpose",
        ]
      : []),
  ].join("\n");
}
