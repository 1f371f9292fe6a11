import { UserError } from "./userError";

/** The AWS profile that the team's people sign in with, and that their contexts are named after. */
export const teamProfile = "tb";

/** Why AWS did not do something, and what to do about it. */
interface KnownCause {
  /** Error codes of AWS, names of errors of its SDK, and what the provider says where it has no code. */
  readonly codes: readonly string[];
  readonly cause: string;
  readonly next: string;
}

/** Returns the causes of errors that are known; what comes first counts where an error has the codes of several. */
function knownCauses(profile: string | undefined): readonly KnownCause[] {
  const signIn = `sign in again, such as with: aws sso login --profile=${profile ?? teamProfile} (${askIdentity(profile)} says who you are)`;
  const bootstrap = "ds bootstrap with the stack's name, as in: ds bootstrap prod";
  return [
    {
      codes: ["RequestTimeTooSkewed", "Signature expired", "Signature not yet current"],
      cause: "this machine's clock is wrong",
      next: "set it by a time server, and compare: date -u",
    },
    {
      codes: [
        ...["ExpiredToken", "ExpiredTokenException", "RequestExpired", "SSO session", "cached SSO token"],
        // What an API server of EKS says of a token that has expired.
        "the server has asked for the client to provide credentials",
      ],
      cause: "the AWS credentials have expired",
      next: signIn,
    },
    {
      codes: ["failed to get shared config profile"],
      cause: "the AWS configuration has no such profile",
      next: "set cluster.profile of the stack file, or AWS_PROFILE, to one that it has: aws configure list-profiles",
    },
    {
      codes: ["CredentialsProviderError", "No valid credential sources found"],
      cause: "there are no AWS credentials in the environment",
      next: signIn,
    },
    {
      codes: ["InvalidAccessKeyId", "InvalidClientTokenId", "SignatureDoesNotMatch", "UnrecognizedClientException"],
      cause: "AWS does not know these credentials",
      next: signIn,
    },
    {
      codes: ["AWS account ID not allowed"],
      cause: "these credentials are another account's",
      next: signIn,
    },
    {
      codes: ["AccessDenied", "AccessDeniedException", "Forbidden"],
      cause: "these credentials have no permission to do that",
      next: `ask for the permissions of docs/access.md, for the identity that this shows: ${askIdentity(profile)}`,
    },
    { codes: ["NoSuchBucket"], cause: "there is no such bucket", next: bootstrap },
    {
      codes: ["PermanentRedirect"],
      cause: "the bucket is in another region",
      next: "correct region= in the state's address",
    },
    {
      codes: ["ResourceNotFoundException", "couldn't find resource"],
      cause: "there is no such cluster",
      next: "check cluster.name, cluster.region and cluster.account of the stack file",
    },
    { codes: ["NotFoundException"], cause: "there is no such key", next: bootstrap },
    {
      codes: ["DisabledException"],
      cause: "the key is disabled",
      next: "ask those who manage the key why; when it may serve again: aws kms enable-key --key-id KEY",
    },
    {
      codes: ["KMSInvalidStateException"],
      cause: "the key cannot be used as it is, such as while it waits to be deleted",
      next: "aws kms describe-key --key-id KEY tells its state; aws kms cancel-key-deletion and enable-key bring it back",
    },
    {
      codes: ["TimeoutError", "ECONNREFUSED", "ENOTFOUND", "dial tcp"],
      cause: "AWS does not answer",
      next: "see whether this machine reaches AWS (proxy, VPN), and run it again",
    },
  ];
}

/** Returns why AWS did not do something, by its words; undefined where that is not known. */
export function knownCause(text: string, profile?: string): KnownCause | undefined {
  return knownCauses(profile).find(({ codes }) => new RegExp(`\\b(${codes.join("|")})\\b`).test(text));
}

/**
 * Returns the error of something that AWS did not do, with its cause and the next step where they are known. The error may be
 * the AWS SDK's, which has a code as its name, or the AWS provider's, which has it in its message.
 *
 * @param doing what failed, to follow "cannot"
 * @param profile the profile in use. Default: the environment's credentials
 */
export function awsError(doing: string, error: unknown, profile?: string): UserError {
  const message = error instanceof Error ? error.message : String(error);
  const text = [errorName(error), errorCode(error), message].join("\n");
  const known = knownCause(text, profile);
  if (known === undefined) {
    const next = `see whose credentials are in use: ${askIdentity(profile)}`;
    return new UserError(`cannot ${doing}: ${message}`, next, { cause: error });
  }
  const [said] = message.split("\n");
  return new UserError(`cannot ${doing}: ${known.cause}${said ? ` (${said})` : ""}`, known.next, { cause: error });
}

/** Does something with AWS; its errors say what could not be done, why, and what to do about it. */
export async function explaining<T>(doing: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw awsError(doing, error);
  }
}

/** Returns what AWS answers, or undefined where it answers with this code that there is nothing. */
export async function ifPresent<T>(absence: string, ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (errorName(error) === absence) return undefined;
    throw error;
  }
}

/** Returns the name of an error: for one of AWS its code, such as `AccessDeniedException`. */
export function errorName(error: unknown): string {
  return error instanceof Error ? error.name : "";
}

/** Returns the command that says whose credentials are in use. */
export function askIdentity(profile: string | undefined): string {
  return `aws sts get-caller-identity${profile ? ` --profile=${profile}` : ""}`;
}

function errorCode(error: unknown): string {
  const code: unknown = error instanceof Error ? Reflect.get(error, "code") : undefined;
  return typeof code === "string" ? code : "";
}
