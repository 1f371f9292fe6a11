import { readFile, symlink, writeFile } from "node:fs/promises";
import * as path from "node:path";
import { UserError } from "../../cluster/userError";
import { run } from "../../tools/run";
import { requireConsent } from "../deploy";
import { historyEntries, historyTable } from "../history";
import { answered, stackOf } from "../lib/automation";
import { engineFor } from "../lib/engine";
import { type CommitTitle, commitsSince, inWorktree, relationOf } from "../lib/git";
import { leavingInterruptsToTheChild } from "../lib/interrupts";
import { projectFolder, stackFile, stackFileName } from "../lib/project";
import { isShared, lastDeployed } from "../state/newest";
import { oldStackFile } from "./stackFile";
import { chooseVersion, mayBeMigrated, short, type Version, versionsOf } from "./versions";

/** How many updates a version is looked for in. */
const most = 50;

/** How many versions are shown. */
const shown = 8;

export interface BackOptions {
  /** The version that is meant. Default: the last good one before the current one. */
  readonly to?: string;
  readonly yes: boolean;
  readonly smoke: boolean;
  /** Objects that may be deleted or replaced. */
  readonly allow: readonly string[];
}

/**
 * Deploys an older version of a stack as its own commit would, in a temporary worktree, with today's secrets, and without the
 * migration where the database may be newer than that version.
 *
 * @throws when no version can be chosen, and when its deploy fails.
 */
export async function back(workspace: string, stack: string, options: BackOptions): Promise<void> {
  if (!isShared(stack)) {
    throw new UserError(
      `stack ${stack} is not deployed from commits of main; no changes were made`,
      "ds pr up with an older --image, or for local git checkout and ds up",
    );
  }
  requireConsent(`ds back ${stack}`, options.yes);
  const pulumi = await stackOf(await engineFor(workspace, stack), stack);
  const withSecrets = false;
  const updates = await answered(pulumi.history(most, 1, withSecrets));
  const current = lastDeployed(updates)?.commit;
  if (current === undefined) {
    throw new UserError(
      `stack ${stack} was not deployed from a commit yet; no changes were made`,
      `ds deploy ${stack}`,
    );
  }
  const entries = historyEntries(stack, updates);
  const versions = versionsOf(entries);
  console.log(`versions of stack ${stack} that were deployed well; now it is ${short(current)}:`);
  console.log(historyTable(versions.slice(0, shown)));
  const { to } = options;
  const version = await chooseVersion(versions, { stack, current, ...(to !== undefined && { to }) }, relationOf);
  console.log(`back to commit ${short(version.commit)}, images ${version.imageTag ?? "not recorded"}`);

  const skipMigration = mayBeMigrated(entries, version);
  const secrets = await deployVersion(workspace, stack, { version, skipMigration, options });
  const commits = await commitsSince(version.commit, current);
  console.log(whatMainNeeds(stack, commits, { skipMigration, secrets }));
}

interface Deploying {
  readonly version: Version;
  readonly skipMigration: boolean;
  readonly options: BackOptions;
}

/** Returns the keys of the secrets that are not those of the version. */
function deployVersion(
  workspace: string,
  stack: string,
  { version, skipMigration, options: { yes, smoke, allow } }: Deploying,
): Promise<readonly string[]> {
  return inWorktree(version.commit, async (worktree) => {
    const today = stackFile(stack);
    const file = path.join(worktree, stackFileName(stack));
    const [old, todays] = await Promise.all([readFile(file, "utf8"), readFile(today, "utf8")]);
    const { text, secrets } = oldStackFile(old, todays, { skipMigration });
    await writeFile(file, text);
    if (secrets.length > 0) console.log(`with today's secrets: ${secrets.join(", ")}`);
    if (skipMigration) console.log("without the migration, as later images may have migrated the database");
    await linkPackages(worktree);
    const flags = [
      ...(text === old ? [] : ["--dirty"]),
      ...(yes ? ["--yes"] : []),
      ...(smoke ? [] : ["--no-smoke"]),
      ...(allow.length > 0 ? ["--allow", ...allow] : []),
    ];
    const args = ["deploy", stack, "--back", "--workspace", path.resolve(workspace), ...flags];
    const { code } = await leavingInterruptsToTheChild(() =>
      run(path.join(worktree, "ds"), args, { cwd: worktree, stdio: "inherit" }),
    );
    if (code !== 0) {
      throw new UserError(
        `ds deploy of commit ${short(version.commit)} ended with exit code ${code}; what it said is above`,
        `ds history ${stack} shows whether anything was deployed`,
      );
    }
    return secrets;
  });
}

/** Gives a worktree the packages of this checkout where its lockfile asks for the same. Else its own `ds` installs them. */
async function linkPackages(worktree: string): Promise<void> {
  const lockfile = (folder: string) => readFile(path.join(folder, "package-lock.json"), "utf8");
  if ((await lockfile(worktree)) !== (await lockfile(projectFolder))) return;
  await symlink(path.join(projectFolder, "node_modules"), path.join(worktree, "node_modules"));
}

interface Differences {
  readonly skipMigration: boolean;
  readonly secrets: readonly string[];
}

/** Tells how main is made to agree: its next deploy would bring back what was left. */
function whatMainNeeds(
  stack: string,
  commits: readonly CommitTitle[],
  { skipMigration, secrets }: Differences,
): string {
  if (commits.length === 0) return "nothing was taken back that main has: it needs no revert";
  // With -m 1 git also reverts merges, by what they brought to main.
  const revert = `git revert -m 1 --no-edit ${commits.map(({ commit }) => commit).join(" ")}`;
  const skip = `ds pulumi ${stack} -- config set --path datasets-server:migration.mode skip`;
  return [
    "main still has these commits, and the next merge deploys them again:",
    ...commits.map(({ commit, title }) => `  ${commit} ${title}`),
    `Next: on a branch of main, revert the bad ones and merge that: ${revert}`,
    ...(secrets.length > 0 ? ["  leave out, or put back, what replaced today's secrets"] : []),
    ...(skipMigration ? [`  and with it, while the database is newer: ${skip}`] : []),
  ].join("\n");
}
