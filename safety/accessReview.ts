import type { AuthenticationV1Api, AuthorizationV1Api } from "@kubernetes/client-node";
import { causeOf } from "../cluster/kubernetesClient";
import { UserError } from "../cluster/userError";
import type { Permission } from "./permissions";

/** The parts of a Kubernetes client that the review needs. */
export interface AccessApis {
  readonly authentication: Pick<AuthenticationV1Api, "createSelfSubjectReview">;
  readonly authorization: Pick<AuthorizationV1Api, "createSelfSubjectAccessReview">;
}

/** What the API server answers about the identity that a stack is deployed as. */
export interface AccessReview {
  /** The identity's name on the cluster, such as arn:aws:sts::707930574880:assumed-role/<role>/<session>. */
  readonly principal: string;
  /** The permissions that it lacks, in the order asked. */
  readonly missing: readonly Permission[];
}

/** A stack needs about a hundred permissions; asked all at once they could exhaust sockets, one by one they take seconds. */
const batchSize = 25;

/** Asks the API server which of these permissions the identity lacks. Every authenticated identity may ask that of itself. */
export async function reviewAccess(
  { authentication, authorization }: AccessApis,
  permissions: readonly Permission[],
): Promise<AccessReview> {
  // First and alone: the requests that follow then share the token that this one asked for.
  const { status } = await authentication.createSelfSubjectReview({ body: {} });
  const missing: Permission[] = [];
  for (let start = 0; start < permissions.length; start += batchSize) {
    const batch = permissions.slice(start, start + batchSize);
    const reviews = await Promise.all(
      batch.map((resourceAttributes) =>
        authorization.createSelfSubjectAccessReview({ body: { spec: { resourceAttributes } } }),
      ),
    );
    missing.push(...batch.filter((_, index) => reviews[index]?.status?.allowed !== true));
  }
  return { principal: status?.userInfo?.username ?? "", missing };
}

/**
 * Throws a UserError with all permissions that this identity lacks.
 *
 * Pulumi itself would wait in silence for what it may not watch, and find the rest one by one, half-way.
 */
export async function requirePermissions(
  kubernetes: () => Promise<AccessApis>,
  permissions: readonly Permission[],
): Promise<void> {
  const { principal, missing } = await kubernetes()
    .then((client) => reviewAccess(client, permissions))
    .catch((error: unknown) => {
      throw new UserError(
        `cannot ask the cluster for the permissions of this identity; no changes were made: ${causeOf(error)}`,
      );
    });
  if (missing.length > 0) {
    throw new UserError(
      [
        `${principal} lacks permissions on the cluster that this stack needs; no changes were made:`,
        ...describePermissions(missing).map((line) => `  ${line}`),
      ].join("\n"),
      "ask an administrator of the cluster for the roles of docs/access.md, then run again",
    );
  }
}

/** Returns a line for each resource, such as `deployments.apps in namespace datasets-server: create, patch`. */
export function describePermissions(permissions: readonly Permission[]): string[] {
  const verbs = new Map<string, string[]>();
  for (const { group, resource, verb, namespace } of permissions) {
    const where = namespace === undefined ? "in the whole cluster" : `in namespace ${namespace}`;
    const line = `${group ? `${resource}.${group}` : resource} ${where}`;
    verbs.set(line, [...(verbs.get(line) ?? []), verb]);
  }
  return [...verbs].map(([line, names]) => `${line}: ${names.join(", ")}`);
}
