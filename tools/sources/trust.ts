/** Returns whether this process runs in CI, as every CI says by variable CI. */
export function isInCi({ CI = "" }: NodeJS.ProcessEnv = process.env): boolean {
  return !["", "0", "false"].includes(CI);
}

/**
 * Returns whether this process runs in a job of GitHub that may assume a role. GitHub sets this variable in each job with the permission
 * `id-token: write`, and in no other: https://docs.github.com/actions/reference/security/oidc.
 */
export function mayAssumeRole({ ACTIONS_ID_TOKEN_REQUEST_URL }: NodeJS.ProcessEnv = process.env): boolean {
  return Boolean(ACTIONS_ID_TOKEN_REQUEST_URL);
}
