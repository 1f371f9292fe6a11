import { errorText } from "../../cluster/userError";
import { gitHubRepository, pullRequestState } from "../lib/github";

/**
 * The open pull requests, with this one if it may be open. A list can miss one, as when another closes between two of its pages: where
 * there is a token, one that the list lacks is asked for by itself, and only the answer `closed` lets its environment go.
 *
 * @param open the list; undefined where none is given
 * @param tell is told why one that the list lacks counts as open
 */
export async function confirmedOpen(
  number: number,
  open: ReadonlySet<number> | undefined,
  variables: NodeJS.ProcessEnv,
  tell: (line: string) => void,
): Promise<ReadonlySet<number> | undefined> {
  if (open === undefined || open.has(number) || !variables.GITHUB_TOKEN) return open;
  try {
    const repository = gitHubRepository(variables, { use: "lastCommit" });
    if ((await pullRequestState(repository, number)) === "closed") return open;
    tell(`pr-${number}: its pull request is open, and not in the list of --open`);
  } catch (error) {
    tell(`pr-${number}: unknown whether its pull request is open, so only time counts: ${errorText(error)}`);
  }
  return new Set([...open, number]);
}
