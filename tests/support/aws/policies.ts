import type { Policy, PolicyStatement } from "../../../cli/access/iam";

/** What somebody wants to do, in the terms of a policy. */
export interface AccessRequest {
  /** Such as `eks:DescribeCluster`. */
  readonly action: string;
  readonly resource: string;
  /** A second resource on which the action must be allowed too, as the alias that a key is given. Default: none. */
  readonly alsoOn?: string;
  /** The values of condition keys, such as `s3:prefix`. */
  readonly context: Readonly<Record<string, readonly string[]>>;
}

/**
 * Whether identity policies let a request through: one of their statements allows it. No policy here denies anything.
 *
 * @throws when a condition has an operator that is not evaluated here.
 */
export function allows(policies: readonly Policy[], request: AccessRequest): boolean {
  const { resource, alsoOn = resource } = request;
  return [resource, alsoOn].every((each) =>
    policies
      .flatMap(({ Statement }) => Statement)
      .some((statement) => applies(statement, { ...request, resource: each })),
  );
}

function applies({ Action, Resource, Condition = {} }: PolicyStatement, { action, resource, context }: AccessRequest) {
  return (
    Action.some((pattern) => isLike(action, pattern, "i")) &&
    Resource.some((pattern) => isLike(resource, pattern)) &&
    Object.entries(Condition).every(([operator, keys]) =>
      Object.entries(keys).every(([key, wanted]) =>
        holds(operator, context[key] ?? [], typeof wanted === "string" ? [wanted] : wanted),
      ),
    )
  );
}

function holds(operator: string, values: readonly string[], wanted: readonly string[]): boolean {
  switch (operator.replace(/^ForAnyValue:/, "")) {
    case "StringEquals":
      return values.some((value) => wanted.includes(value));
    case "StringLike":
      return values.some((value) => wanted.some((pattern) => isLike(value, pattern)));
    case "Null":
      return wanted.includes(String(values.length === 0));
    default:
      throw new Error(`no policy of the tests may use the condition operator ${operator}: it is not evaluated`);
  }
}

/** `*` stands for any text and `?` for any character. */
function isLike(value: string, pattern: string, flags = ""): boolean {
  const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`^${escaped.replaceAll("*", ".*").replaceAll("?", ".")}$`, `s${flags}`).test(value);
}
