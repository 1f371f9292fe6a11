import { z } from "zod";
import { UserError } from "../../cluster/userError";
import { definitions } from "../../tools/definitions";
import { checksumKey, checksumsFile, readChecksums } from "../../tools/sources/checksums";
import { toolsOf } from "../../tools/toolbox";
import { type EnvironmentSettings, environments, mainBranch } from "../lib/gitHubSettings";
import { type GitHubRepository, requestErrorOf } from "../lib/github";
import { type CheckRunner, type Finding, type Findings, nothing, notOk, ok } from "./checkRunner";

const environment = z.object({
  protection_rules: z
    .array(
      z.looseObject({
        type: z.string(),
        prevent_self_review: z.boolean().optional(),
        reviewers: z.array(z.unknown()).optional(),
      }),
    )
    .default([]),
  deployment_branch_policy: z.object({ custom_branch_policies: z.boolean() }).nullish(),
  can_admins_bypass: z.boolean().optional(),
});

const branchPolicies = z.object({
  branch_policies: z.array(z.object({ name: z.string(), type: z.string().default("branch") })),
});

const branchRules = z.array(
  z.looseObject({
    type: z.string(),
    parameters: z
      .looseObject({
        required_approving_review_count: z.number().optional(),
        required_status_checks: z.array(z.object({ context: z.string() })).optional(),
      })
      .optional(),
  }),
);

const runners = z.object({ runners: z.array(z.object({ name: z.string(), ephemeral: z.boolean().optional() })) });

const setUp = "set it as docs/workflows.md says, under Settings of the repository";

/** Checks what of GitHub's settings the roles of the workflows rely on. Changes nothing. */
export async function checkGitHub(runner: CheckRunner, repository: GitHubRepository): Promise<void> {
  await Promise.all([
    runner.check("environments", nothing, setUp, () => checkEnvironments(repository)),
    runner.check("branch main", nothing, setUp, () => checkMain(repository)),
    runner.check("runners", nothing, setUp, () => checkRunners(repository)),
    runner.check("checksums of tools", nothing, `run \`ds tools checksums\`, and commit ${checksumsFile}`, async () =>
      checkChecksums(),
    ),
  ]);
}

async function checkEnvironments(repository: GitHubRepository): Promise<Findings> {
  const findings = await Promise.all(
    Object.entries(environments).map(([name, settings]) => checkEnvironment(repository, name, settings)),
  );
  return { findings, value: undefined };
}

async function checkEnvironment(
  repository: GitHubRepository,
  name: string,
  settings: EnvironmentSettings,
): Promise<Finding> {
  const subject = `environments: ${name}`;
  const path = "GET /repos/{owner}/{repo}/environments/{environment_name}";
  const named = { environment_name: name };
  const found = await unlessStatus(404, repository.request(path, named, environment));
  if (found === undefined) {
    return {
      subject,
      outcome: "failed",
      found: "it is not there, and GitHub makes it without rules when a run names it",
    };
  }
  const { protection_rules, deployment_branch_policy, can_admins_bypass } = found;
  const branches = deployment_branch_policy?.custom_branch_policies
    ? (await repository.request(`${path}/deployment-branch-policies`, named, branchPolicies)).branch_policies
    : undefined;
  const review = protection_rules.find(({ type }) => type === "required_reviewers");
  const issues = [
    ...(settings.reviewers && !review?.reviewers?.length ? ["it has no required reviewers"] : []),
    ...(settings.reviewers && !review?.prevent_self_review ? ["who starts a run may approve it"] : []),
    ...(settings.branch !== undefined && !isOnly(branches, settings.branch)
      ? [`runs of other branches than ${settings.branch} may use it`]
      : []),
    ...(can_admins_bypass === false ? [] : ["administrators may bypass its rules"]),
  ];
  return issues.length === 0
    ? { subject, outcome: "ok", found: "as docs/workflows.md says" }
    : { subject, outcome: "failed", found: issues.join("; ") };
}

function isOnly(branches: z.infer<typeof branchPolicies>["branch_policies"] | undefined, branch: string): boolean {
  return branches?.length === 1 && branches.every(({ name, type }) => name === branch && type === "branch");
}

/** Looks at rulesets, which whoever may read the repository may read; the older protection of a branch only administrators. */
async function checkMain(repository: GitHubRepository): Promise<Findings> {
  const path = "GET /repos/{owner}/{repo}/rules/branches/{branch}";
  const rules = await repository.request(path, { branch: "main" }, branchRules);
  const types = rules.map(({ type }) => type);
  const checks = rules
    .flatMap(({ parameters }) => parameters?.required_status_checks ?? [])
    .map(({ context }) => context);
  const approvals = Math.max(0, ...rules.map(({ parameters }) => parameters?.required_approving_review_count ?? 0));
  const missing = mainBranch.checks.filter((check) => !checks.includes(check));
  const issues = [
    ...(types.includes("pull_request") ? [] : ["no pull request is required"]),
    ...(approvals < mainBranch.approvals ? ["no approval is required"] : []),
    ...missing.map((check) => `job ${check} of ci is not required`),
    ...(types.includes("non_fast_forward") ? [] : ["it may be pushed to by force"]),
  ];
  if (issues.length > 0) throw new UserError(`its rulesets allow too much: ${issues.join("; ")}`);
  return ok(`a pull request, ${approvals} approval and ${checks.join(", ")} are required`);
}

/** A runner of the repository is there for every workflow of every branch. */
async function checkRunners(repository: GitHubRepository): Promise<Findings> {
  const answer = await unlessStatus(403, repository.request("GET /repos/{owner}/{repo}/actions/runners", {}, runners));
  if (answer === undefined) {
    return notOk(
      "unknown",
      "GITHUB_TOKEN may not list them, as no workflow's may",
      "have an administrator of the repository run: GITHUB_TOKEN=$(gh auth token) ds doctor github",
    );
  }
  const kept = answer.runners.filter(({ ephemeral }) => ephemeral !== true);
  if (kept.length === 0) return ok("the repository has none of its own that outlives a job");
  throw new UserError(
    `every workflow of every branch can use these, which outlive a job: ${kept.map(({ name }) => name).join(", ")}`,
    "remove them, or register them with --ephemeral in a runner group for these workflows only",
  );
}

/** Without them no job that may assume a role has a tool to run. */
function checkChecksums(): Findings {
  const platform = { os: "linux", arch: "amd64" };
  const checksums = readChecksums();
  const missing = [...toolsOf.deploy, ...toolsOf.eks].filter((name) => {
    const release = definitions[name].release?.(platform);
    return release === undefined || !(release.url in checksums) || !(checksumKey(release) in checksums);
  });
  if (missing.length > 0) throw new UserError(`${checksumsFile} has none of ${missing.join(", ")}`);
  return ok(`${checksumsFile} has those of all that a deploy runs`);
}

/** Awaits an answer of GitHub's; undefined where it has this status. */
async function unlessStatus<T>(status: number, answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (requestErrorOf(error)?.status === status) return undefined;
    throw error;
  }
}
