import { UserError } from "../../cluster/userError";
import type { HistoryEntry } from "../history";
import type { Relation } from "../lib/git";

/** A commit that was deployed well, as the history has the last time. */
export type Version = HistoryEntry & { readonly commit: string };

/**
 * Returns the commits whose update succeeded, the one deployed last first. One that was deployed only with changed files is
 * left out, as no one has those files any more.
 *
 * @param entries the history, the latest first.
 */
export function versionsOf(entries: readonly HistoryEntry[]): Version[] {
  const destroyed = entries.findIndex(({ kind }) => kind === "destroy");
  const good = entries
    .slice(0, destroyed < 0 ? entries.length : destroyed)
    .filter(({ kind, result }) => kind === "update" && result === "succeeded")
    .flatMap((entry) => (entry.commit === undefined ? [] : [{ ...entry, commit: entry.commit }]));
  const clean = new Set(good.filter(({ dirty }) => !dirty).map(({ commit }) => commit));
  const first = new Map(good.toReversed().map((version) => [version.commit, version]));
  return good.filter((version) => clean.has(version.commit) && first.get(version.commit) === version);
}

export interface Question {
  readonly stack: string;
  /** The commit of the last update. */
  readonly current: string;
  /** The version that is meant: the first digits of its commit, at least seven, or its image tag. Default: the last good one before. */
  readonly to?: string;
}

/**
 * Chooses the version to go back to: the one that is named, or the last one whose commit the current one descends from.
 *
 * @throws when there is none, or the clone cannot tell.
 */
export async function chooseVersion(
  versions: readonly Version[],
  { stack, current, to }: Question,
  relationOf: (commit: string, to: string) => Promise<Relation>,
): Promise<Version> {
  if (to !== undefined) return namedVersion(versions, { stack, current, to });
  for (const version of versions) {
    const relation = await relationOf(version.commit, current);
    if (relation === "older") return version;
    if (relation !== "unknown") continue;
    throw new UserError(
      `this clone does not have commit ${short(version.commit)} or ${short(current)}, so that it cannot be told which is older; no changes were made`,
      "git fetch origin, and in a shallow clone git fetch --unshallow origin",
    );
  }
  throw new UserError(
    `no version of stack ${stack} before commit ${short(current)} ended well; no changes were made`,
    `ds history ${stack} --limit 100 shows more; check that commit out, and ds deploy ${stack} --back`,
  );
}

function namedVersion(
  versions: readonly Version[],
  { stack, current, to }: Question & { readonly to: string },
): Version {
  const isCommit = /^[0-9a-f]{7,40}$/.test(to);
  const meant = versions.filter(({ commit, imageTag }) => (isCommit && commit.startsWith(to)) || imageTag === to);
  const [version, other] = meant;
  if (version === undefined || other !== undefined) {
    const what =
      version === undefined
        ? `no version of stack ${stack} is ${to}`
        : `${to} is ${meant.length} versions of stack ${stack}`;
    const names = (version === undefined ? versions : meant).map(({ commit }) => short(commit)).join(", ");
    throw new UserError(`${what}; no changes were made`, `--to with one of these commits: ${names}`);
  }
  if (version.commit === current) {
    throw new UserError(
      `${to} is what stack ${stack} was deployed from last; no changes were made`,
      `an earlier version, or ds deploy ${stack} from that commit`,
    );
  }
  return version;
}

/**
 * Returns whether the database may be newer than a version's images: others were deployed since, whose migration may have run even
 * if their update failed.
 */
export function mayBeMigrated(entries: readonly HistoryEntry[], { commit, imageTag }: Version): boolean {
  const oldest = entries.findLastIndex((entry) => entry.commit === commit);
  return entries.slice(0, oldest).some((entry) => entry.kind === "update" && entry.imageTag !== imageTag);
}

/** Returns a commit as people read it. */
export function short(commit: string): string {
  return commit.slice(0, 12);
}
