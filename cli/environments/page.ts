import { z } from "zod";
import { errorText } from "../../cluster/userError";
import { redact } from "../../safety/redaction";
import { type GitHubRepository, gitHubRepository } from "../lib/github";
import type { EnvironmentIdentity } from "./input";

/** What the page of a pull request says of its environment. */
export interface Shown {
  readonly state: "queued" | "in_progress" | "success" | "failure";
  readonly description: string;
  /** Where it is reached. Default: it is not. */
  readonly address?: string;
}

/** Shows on GitHub how an environment fares. */
export type Show = (shown: Shown) => Promise<void>;

/** GitHub takes no longer description; characters. */
const longestDescription = 140;

const path = "/repos/{owner}/{repo}/deployments";

const deployment = z.object({ id: z.number() });

/**
 * Returns what shows an environment on the page of its pull request, as a deployment of this commit. It shows nothing without a
 * GITHUB_TOKEN or the commit, and what GitHub refuses is a warning, once.
 */
export function showOnPage(
  { stack }: EnvironmentIdentity,
  commit: string | undefined,
  variables: NodeJS.ProcessEnv,
): Show {
  return cautiously(variables, async (repository, { state, description, address }: Shown) => {
    if (commit === undefined) return;
    const id = await deploymentOf(repository, stack, commit);
    await addStatus(repository, id, {
      state,
      description: redact(description).slice(0, longestDescription),
      ...(address && { environment_url: address }),
      ...logOf(variables),
    });
    if (state === "success") await endOthers(repository, stack, id);
  });
}

/** Shows on the page of a pull request that its environment is gone. What GitHub refuses is a warning. */
export async function showGone({ stack }: EnvironmentIdentity, variables: NodeJS.ProcessEnv): Promise<void> {
  await cautiously(variables, (repository) => endOthers(repository, stack))(undefined);
}

function cautiously<T>(
  variables: NodeJS.ProcessEnv,
  tell: (repository: GitHubRepository, what: T) => Promise<void>,
): (what: T) => Promise<void> {
  let isWanted = Boolean(variables.GITHUB_TOKEN);
  return async (what) => {
    if (!isWanted) return;
    try {
      await tell(gitHubRepository(variables, { use: "deployments" }), what);
    } catch (error) {
      isWanted = false;
      console.error(`warning: the pull request does not show its environment: ${errorText(error)}`);
    }
  };
}

/** Returns the environment's deployment of a commit, which is made where there is none. */
function deploymentOf(repository: GitHubRepository, stack: string, commit: string): Promise<number> {
  return repository.lookThenWrite(async () => {
    const [known] = await repository.list(path, { environment: stack, sha: commit, per_page: 100 }, deployment);
    if (known !== undefined) return known.id;
    const made = {
      ref: commit,
      environment: stack,
      description: "the whole system with the images of this commit",
      transient_environment: true,
      // It waits for images by itself, and deploys main's program, not what this merges.
      auto_merge: false,
      required_contexts: [],
    };
    return (await repository.request(`POST ${path}`, made, deployment)).id;
  });
}

/** Ends every deployment of an environment, but for this one. */
async function endOthers(repository: GitHubRepository, stack: string, but?: number): Promise<void> {
  const all = await repository.list(path, { environment: stack, per_page: 100 }, deployment);
  for (const { id } of all.filter((each) => each.id !== but)) {
    await addStatus(repository, id, { state: "inactive" });
  }
}

/** Two equal statuses say what one says, so a lost answer needs no look before the next try. */
async function addStatus(repository: GitHubRepository, id: number, status: Readonly<Record<string, unknown>>) {
  const sent = { deployment_id: id, auto_inactive: false, ...status };
  await repository.lookThenWrite(() => repository.request(`POST ${path}/{deployment_id}/statuses`, sent, deployment));
}

function logOf({ GITHUB_SERVER_URL, GITHUB_REPOSITORY, GITHUB_RUN_ID }: NodeJS.ProcessEnv) {
  return GITHUB_RUN_ID ? { log_url: `${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}/actions/runs/${GITHUB_RUN_ID}` } : {};
}
