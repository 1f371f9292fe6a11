import type { UpdateSummary } from "@pulumi/pulumi/automation";
import { UserError } from "../../cluster/userError";
import { identifyStack } from "../../config/stacks";
import { answered, stackOf } from "../lib/automation";
import type { Engine } from "../lib/engine";
import { type Relation, relationOf, type WorkingTree, workingTree } from "../lib/git";
import { authorIn } from "./author";

/** What a deploy may do that is refused otherwise. */
export interface Commits {
  /** Deploy a commit that does not have all that the last one had. */
  readonly back: boolean;
  /** Deploy files that are no commit. */
  readonly dirty: boolean;
}

/** Returns whether others rely on a stack, so that it is deployed from commits. One on this machine is deployed as its files are. */
export function isShared(stack: string): boolean {
  return ["prod", "prod-CLUSTER", "ephemeral"].some((kind) => kind === identifyStack(stack)?.kind);
}

/** How many updates are looked at for the last one that deployed a commit. */
const most = 20;

/**
 * Makes sure that a deploy of a shared stack is of a commit, and of one that has all that was deployed last.
 *
 * @throws with what is the matter, and the command that does it all the same.
 */
export async function requireNewest(engine: Engine, stack: string, { back, dirty }: Commits): Promise<void> {
  if (!isShared(stack)) return;
  const tree = await workingTree();
  if (!dirty) requireCommit(stack, tree);
  if (back || tree.commit === undefined) return;
  const pulumi = await stackOf(engine, stack);
  const withSecrets = false;
  const last = lastDeployed(await answered(pulumi.history(most, 1, withSecrets)));
  if (last === undefined) return;
  const relation = await relationOf(tree.commit, last.commit);
  const refused = refusals[relation];
  if (refused === undefined) return;
  const { message, next } = refused(short(tree.commit), `${short(last.commit)}, ${last.how}`);
  const meant = `ds deploy ${stack} --back`;
  throw new UserError(`${message}; no changes were made`, `${next}; where going back is meant: ${meant}`);
}

function requireCommit(stack: string, { commit, changed }: WorkingTree): void {
  const meant = `where that is meant: ds deploy ${stack} --dirty`;
  if (commit === undefined) {
    const message = "these files are no git checkout, so that no one could tell later what was deployed";
    throw new UserError(`${message}; no changes were made`, `deploy from a clone of the repository; ${meant}`);
  }
  if (changed.length === 0) return;
  const [some, rest] = [changed.slice(0, 5), changed.length - 5];
  const names = [...some, ...(rest > 0 ? [`${rest} more`] : [])].join(", ");
  const message = `files differ from commit ${short(commit)}: ${names}`;
  throw new UserError(`${message}; no changes were made`, `commit them, or have git ignore them; ${meant}`);
}

/** The commit of the last update that changed something, also of one that failed on its way, and who deployed it when. */
export function lastDeployed(updates: readonly UpdateSummary[]) {
  for (const { kind, environment, message, startTime, result, resourceChanges = {} } of updates) {
    // What was deployed before is gone.
    if (kind === "destroy") return undefined;
    const commit = environment["git.head"];
    const didSomething =
      result === "succeeded" || Object.entries(resourceChanges).some(([op, n]) => op !== "same" && n > 0);
    if (kind !== "update" || !commit || !didSomething) continue;
    const by = authorIn(message);
    return { commit, how: `which was deployed${by ? ` by ${by}` : ""} at ${startTime.toISOString()}` };
  }
  return undefined;
}

type Refusal = (commit: string, last: string) => { readonly message: string; readonly next: string };

const refusals: Readonly<Record<Relation, Refusal | undefined>> = {
  same: undefined,
  newer: undefined,
  older: (commit, last) => ({
    message: `commit ${commit} is older than ${last}`,
    next: "git pull",
  }),
  apart: (commit, last) => ({
    message: `commit ${commit} lacks changes of ${last}`,
    next: "merge that commit, or rebase on it",
  }),
  unknown: (_, last) => ({
    message: `this clone does not have commit ${last}, so that it cannot be told which is newer`,
    next: "git fetch origin, and in a shallow clone git fetch --unshallow origin",
  }),
};

function short(commit: string): string {
  return commit.slice(0, 12);
}
