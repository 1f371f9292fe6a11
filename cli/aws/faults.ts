import { UserError } from "../../cluster/userError";

const signIn =
  "sign in again (aws sso login --profile=tb, AWS_PROFILE=tb), and see who you are: aws sts get-caller-identity";
const askForRights =
  "see who you are with: aws sts get-caller-identity; that principal needs the rights of docs/access.md";
const reach = "see whether this machine reaches AWS (proxy, VPN), and run it again";
const bootstrap = "ds bootstrap with the stack's name, as in: ds bootstrap prod";

interface Fault {
  readonly cause: string;
  readonly next: string;
}

const noCredentials: Fault = { cause: "there are no AWS credentials in the environment", next: signIn };
const expired: Fault = { cause: "the AWS credentials have expired", next: signIn };
const invalid: Fault = { cause: "AWS does not know these credentials", next: signIn };
const denied: Fault = { cause: "these credentials have no right to do that", next: askForRights };
const unreachable: Fault = { cause: "AWS does not answer", next: reach };

/** What the errors of AWS mean, by their names. */
const faults: Readonly<Record<string, Fault>> = {
  CredentialsProviderError: noCredentials,
  ExpiredToken: expired,
  ExpiredTokenException: expired,
  RequestExpired: expired,
  InvalidAccessKeyId: invalid,
  InvalidClientTokenId: invalid,
  SignatureDoesNotMatch: invalid,
  UnrecognizedClientException: invalid,
  AccessDenied: denied,
  AccessDeniedException: denied,
  Forbidden: denied,
  NoSuchBucket: { cause: "there is no such bucket", next: bootstrap },
  ResourceNotFoundException: {
    cause: "there is no such cluster",
    next: "check cluster.name, cluster.region and cluster.account of the stack file",
  },
  NotFoundException: { cause: "there is no such key", next: bootstrap },
  DisabledException: {
    cause: "the key is disabled",
    next: "ask those who manage the key why; when it may serve again: aws kms enable-key --key-id KEY",
  },
  KMSInvalidStateException: {
    cause: "the key cannot be used as it is, such as while it waits to be deleted",
    next: "aws kms describe-key --key-id KEY tells its state; aws kms cancel-key-deletion and enable-key bring it back",
  },
  PermanentRedirect: { cause: "the bucket is in another region", next: "correct region= in the state's address" },
  TimeoutError: unreachable,
  ECONNREFUSED: unreachable,
  ENOTFOUND: unreachable,
};

/** Does something with AWS; its errors say what could not be done, why, and what to do about it. */
export async function explaining<T>(doing: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw explained(doing, error);
  }
}

/** The same for an error that is there already. */
export function explained(doing: string, error: unknown): Error {
  const message = error instanceof Error ? error.message : String(error);
  const known = [errorName(error), errorCode(error)].flatMap((name) => faults[name] ?? [])[0];
  if (known === undefined) {
    return new UserError(`cannot ${doing}: ${message}`, undefined, { cause: error });
  }
  const said = message === "" ? "" : ` (${firstLine(message)})`;
  return new UserError(`cannot ${doing}: ${known.cause}${said}`, known.next, { cause: error });
}

function firstLine(text: string): string {
  return text.split("\n")[0] ?? "";
}

export function errorName(error: unknown): string {
  return error instanceof Error ? error.name : "";
}

function errorCode(error: unknown): string {
  const code: unknown = error instanceof Error ? Reflect.get(error, "code") : undefined;
  return typeof code === "string" ? code : "";
}
