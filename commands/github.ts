import { Octokit } from "@octokit/core";
import { paginateRest } from "@octokit/plugin-paginate-rest";

const Client = Octokit.plugin(paginateRest);

/** One repository on GitHub, and a client that may speak to it. */
export interface GitHubRepository {
  readonly client: InstanceType<typeof Client>;
  readonly owner: string;
  readonly repo: string;
}

const next = "Next: set them as a GitHub workflow has them, see docs/workflows.md";

/** The numbers of the repository's open pull requests. */
export async function openPullRequests({ client, owner, repo }: GitHubRepository): Promise<number[]> {
  const open = await client.paginate("GET /repos/{owner}/{repo}/pulls", { owner, repo, state: "open", per_page: 100 });
  return open.map(({ number }) => number);
}

/**
 * The repository that the environment of a workflow names: GITHUB_REPOSITORY and GITHUB_TOKEN, and GITHUB_API_URL where it
 * is not GitHub's own.
 *
 * @throws when one is missing, naming all that are.
 */
export function gitHubRepository({
  GITHUB_API_URL,
  GITHUB_REPOSITORY = "",
  GITHUB_TOKEN = "",
}: NodeJS.ProcessEnv): GitHubRepository {
  const [, owner = "", repo = ""] = /^([\w.-]+)\/([\w.-]+)$/.exec(GITHUB_REPOSITORY) ?? [];
  const faults = [
    ...(owner === "" ? [`GITHUB_REPOSITORY is ${JSON.stringify(GITHUB_REPOSITORY)}; allowed: OWNER/NAME`] : []),
    ...(GITHUB_TOKEN === "" ? ["GITHUB_TOKEN is not set"] : []),
  ];
  if (faults.length > 0) {
    throw new Error(`nothing was sent to GitHub:\n${faults.join("\n")}\n${next}`);
  }
  const client = new Client({ auth: GITHUB_TOKEN, ...(GITHUB_API_URL && { baseUrl: GITHUB_API_URL }) });
  return { client, owner, repo };
}
