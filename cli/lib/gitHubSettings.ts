/** What a GitHub environment must be set to, since roles trust its name. No administrator may bypass its rules. */
export interface EnvironmentSettings {
  /** Whether each run waits for a reviewer, who is another person than the one who started it. */
  readonly reviewers: boolean;
  /** The only branch whose runs may use it. Default: any. */
  readonly branch?: "main";
}

/** The GitHub environments that roles trust; docs/workflows.md shows them, and a test compares the two. */
export const environments = {
  preview: { reviewers: true },
  "pull-request": { reviewers: false, branch: "main" },
  ephemeral: { reviewers: false, branch: "main" },
  plan: { reviewers: false, branch: "main" },
  prod: { reviewers: true, branch: "main" },
  drift: { reviewers: false, branch: "main" },
} as const satisfies Readonly<Record<string, EnvironmentSettings>>;

/** What branch main must ask for before a change lands: a pull request, and these jobs of `ci`. */
export const mainBranch = { approvals: 1, checks: ["offline", "test"] } as const;

/** One way for a job to assume a role: in an environment, and by the workflow file of a ref. */
interface Trusted {
  readonly environment: keyof typeof environments;
  readonly workflow: string;
  /** Default: refs/heads/main. */
  readonly ref?: string;
}

const ofDrift: readonly Trusted[] = [{ environment: "drift", workflow: "drift.yml" }];

/** The IAM roles that workflows assume, and the jobs that may. */
export const workflowRoles = {
  "datasets-server-hub-prod-deploy": [{ environment: "prod", workflow: "deploy.yml" }],
  "datasets-server-hub-ephemeral-deploy": [
    { environment: "ephemeral", workflow: "deploy.yml" },
    { environment: "pull-request", workflow: "environment.yml" },
    { environment: "pull-request", workflow: "sweep.yml" },
  ],
  "datasets-server-hub-prod-drift": ofDrift,
  "datasets-server-hub-ephemeral-drift": ofDrift,
  "datasets-server-preview": [
    // The workflow's file is the pull request's own, which the environment's reviewer has read.
    { environment: "preview", workflow: "preview.yml", ref: "refs/pull/*/merge" },
    { environment: "plan", workflow: "deploy.yml" },
  ],
} as const satisfies Readonly<Record<string, readonly Trusted[]>>;

/** How long a workflow may hold a role that deploys; AWS gives every other role an hour. In seconds. */
export const longestSessionSeconds = 10_800;

export type WorkflowRole = keyof typeof workflowRoles;

const provider = "token.actions.githubusercontent.com";

/**
 * Returns a role's trust policy: it lets in its environments, and in each only the workflow files that are meant to use it. An
 * environment that GitHub made by itself, or another workflow that names one of these, gets nothing.
 *
 * @param repository OWNER/NAME
 */
export function trustPolicy(role: WorkflowRole, account: string, repository: string) {
  const trusted: readonly Trusted[] = workflowRoles[role];
  return {
    Version: "2012-10-17",
    Statement: trusted.map(({ environment, workflow, ref = "refs/heads/main" }) => ({
      Effect: "Allow",
      Action: "sts:AssumeRoleWithWebIdentity",
      Principal: { Federated: `arn:aws:iam::${account}:oidc-provider/${provider}` },
      Condition: {
        StringEquals: {
          [`${provider}:aud`]: "sts.amazonaws.com",
          [`${provider}:sub`]: `repo:${repository}:environment:${environment}`,
        },
        StringLike: { [`${provider}:job_workflow_ref`]: `${repository}/.github/workflows/${workflow}@${ref}` },
      },
    })),
  };
}
