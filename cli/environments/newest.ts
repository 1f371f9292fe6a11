import { UserError } from "../../cluster/userError";
import { relationOf } from "../lib/git";
import { gitHubRepository, lastCommit } from "../lib/github";

/** Which commit of a pull request an environment is to get. */
export interface Wanted {
  readonly number: number;
  /** Default: it is not known, and anything may be deployed. */
  readonly headSha?: string;
  /** The commit that the environment had before. Default: none. */
  readonly recorded?: string;
}

/**
 * Makes sure that an environment does not go back: a run that waited, or is repeated, may be about an earlier commit. GitHub
 * tells which is the last, where a workflow has a token for it, also after a force push. Elsewhere the clone does, if it has both.
 *
 * @throws when there is a later commit.
 */
export async function requireLastCommit({ number, headSha, recorded }: Wanted, variables: NodeJS.ProcessEnv) {
  if (headSha === undefined) return;
  const onGitHub = variables.GITHUB_TOKEN
    ? await lastCommit(gitHubRepository(variables, { use: "lastCommit" }), number)
    : undefined;
  const isOlder = async () => recorded !== undefined && (await relationOf(headSha, recorded)) === "older";
  const later = onGitHub === undefined ? ((await isOlder()) ? recorded : undefined) : onGitHub;
  // Either may be short.
  if (later === undefined || later.startsWith(headSha)) return;
  throw new UserError(
    `commit ${headSha} is not the last of pull request ${number}, which is ${later}; no changes were made`,
    "nothing: the run of that commit brings the environment up. On purpose: the same without --head-sha",
  );
}
