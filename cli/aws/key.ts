import { type KeyMetadata, type KMS, paginateListAliases, paginateListKeys } from "@aws-sdk/client-kms";
import { explaining, ifPresent } from "../../cluster/awsErrors";
import { UserError } from "../../cluster/userError";
import { projectTag } from "../../config/accounts";
import { kmsClient } from "./clients";
import { type Finding, settle } from "./provision";

export interface KeyArgs {
  /** Such as `alias/datasets-server-hub-prod`. */
  readonly alias: string;
  /** The only AWS account that it may belong to. */
  readonly account: string;
}

/** By what a key is found again whose creation got no further. */
function descriptionOf({ alias }: KeyArgs): string {
  return `Secrets of the datasets-server's stacks: ${alias}`;
}

/**
 * Creates the key and its alias, or verifies them: enabled, of the account, for encryption, rotated every year.
 *
 * A key that an interrupted run created, and did not name, is found and named. Disabled keys and keys that wait to be
 * deleted stay as they are.
 *
 * @throws when the key cannot serve.
 */
export async function ensureKey(kms: KMS, args: KeyArgs, report: (finding: Finding) => void): Promise<void> {
  const { alias } = args;
  const found = await explaining(`look for key ${alias}`, () => describe(kms, alias));
  const key = found ?? (await explaining(`create key ${alias}`, () => createKey(kms, args, report)));
  checkKey(key, args);
  if (found) {
    report({ what: `key ${alias}`, was: key.KeyId ?? "", did: "left alone" });
  }
  const KeyId = key.KeyId ?? "";
  const rotation = {
    what: "its rotation",
    look: async () => {
      const { KeyRotationEnabled: right = false } = await kms.getKeyRotationStatus({ KeyId });
      return { is: right ? "every year" : "off", right };
    },
    set: () => kms.enableKeyRotation({ KeyId }),
  };
  await explaining(`set up key ${alias}`, () => settle([rotation], report));
}

/** A stack file's data key, encrypted with a key of KMS. */
interface EncryptedKey {
  /** Such as `awskms://alias/NAME?region=us-east-1`. */
  readonly url: string;
  readonly encryptedKey: string;
}

/**
 * Checks that the key of a stack file decrypts it, with the permission that Pulumi itself needs.
 *
 * @throws when it does not, with the cause and what to do.
 */
export async function checkSecretsReadable({ url, encryptedKey }: EncryptedKey): Promise<void> {
  const { region, name } = parseSecretsProvider(url);
  await explaining(`decrypt the stack's secrets with key ${name}`, async () => {
    const CiphertextBlob = Buffer.from(encryptedKey, "base64");
    await kmsClient(region).decrypt({ CiphertextBlob });
  });
}

/** The key and region of an address such as `awskms://alias/NAME?region=us-east-1`. */
function parseSecretsProvider(url: string): { readonly name: string; readonly region: string } {
  const [name = "", query = ""] = url.replace(/^awskms:\/+/, "").split("?");
  const region = new URLSearchParams(query).get("region");
  if (!url.startsWith("awskms://") || region === null) {
    throw new UserError(`${url} is no KMS key with a region`, "ds bootstrap, which says what the stack's key must be");
  }
  return { name, region };
}

async function describe(kms: KMS, KeyId: string): Promise<KeyMetadata | undefined> {
  return (await ifPresent("NotFoundException", () => kms.describeKey({ KeyId })))?.KeyMetadata;
}

async function createKey(kms: KMS, args: KeyArgs, report: (finding: Finding) => void): Promise<KeyMetadata> {
  const { alias } = args;
  const nameless = await findNameless(kms, descriptionOf(args));
  const key = nameless ?? (await makeKey(kms, descriptionOf(args)));
  await kms.createAlias({ AliasName: alias, TargetKeyId: key.KeyId });
  report({ what: `key ${alias}`, was: nameless ? `${key.KeyId} without its name` : "absent", did: "created" });
  return key;
}

async function makeKey(kms: KMS, Description: string): Promise<KeyMetadata> {
  const { KeyMetadata } = await kms.createKey({
    Description,
    KeyUsage: "ENCRYPT_DECRYPT",
    Tags: [{ TagKey: projectTag.key, TagValue: projectTag.value }],
  });
  if (KeyMetadata === undefined) throw new UserError("AWS says that it created a key, and not which");
  return KeyMetadata;
}

/** A usable key of this description that has no alias. */
async function findNameless(kms: KMS, description: string): Promise<KeyMetadata | undefined> {
  const named = new Set<string | undefined>();
  for await (const { Aliases = [] } of paginateListAliases({ client: kms }, {})) {
    for (const { TargetKeyId } of Aliases) named.add(TargetKeyId);
  }
  for await (const { Keys = [] } of paginateListKeys({ client: kms }, {})) {
    for (const { KeyId = "" } of Keys.filter((key) => !named.has(key.KeyId))) {
      const key = await describe(kms, KeyId);
      if (key?.Description === description && key.KeyState === "Enabled") return key;
    }
  }
  return undefined;
}

function checkKey({ KeyId = "", Arn = "", KeyState, KeyUsage }: KeyMetadata, { alias, account }: KeyArgs): void {
  const unusable = (why: string, next: string) =>
    new UserError(`key ${alias} (${KeyId}) ${why}; it was left as it is`, next);
  if (Arn.split(":")[4] !== account) {
    throw unusable(`is not of account ${account} (${Arn})`, "use credentials of that account");
  }
  if (KeyUsage !== "ENCRYPT_DECRYPT") {
    throw unusable(`is for ${KeyUsage}, and must be for ENCRYPT_DECRYPT`, "give that key another alias");
  }
  if (KeyState !== "Enabled") {
    const cancel = KeyState === "PendingDeletion" ? `aws kms cancel-key-deletion --key-id ${KeyId}, then ` : "";
    throw unusable(
      `is ${KeyState}, and must be Enabled`,
      `ask the account's administrators why; to have it back: ${cancel}aws kms enable-key --key-id ${KeyId}`,
    );
  }
}
