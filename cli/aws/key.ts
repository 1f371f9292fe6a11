import {
  CreateAliasCommand,
  CreateKeyCommand,
  DecryptCommand,
  DescribeKeyCommand,
  EnableKeyRotationCommand,
  GetKeyRotationStatusCommand,
  type KeyMetadata,
  type KMSClient,
  paginateListAliases,
  paginateListKeys,
} from "@aws-sdk/client-kms";
import { UserError } from "../../cluster/userError";
import { projectTag } from "../../config/accounts";
import type { SecretsKeeper } from "../lib/stackFile";
import { kmsClient } from "./clients";
import { errorName, explaining } from "./faults";
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
export async function ensureKey(kms: KMSClient, args: KeyArgs, report: (finding: Finding) => void): Promise<void> {
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
      const { KeyRotationEnabled: right = false } = await kms.send(new GetKeyRotationStatusCommand({ KeyId }));
      return { is: right ? "every year" : "off", right };
    },
    set: () => kms.send(new EnableKeyRotationCommand({ KeyId })),
  };
  await explaining(`set up key ${alias}`, () => settle([rotation], report));
}

/**
 * Sees that the key of a stack file decrypts it, with the right that the engine itself needs.
 *
 * @throws when it does not, saying why and what to do.
 */
export async function checkSecretsReadable({
  url,
  encryptedKey,
}: Extract<SecretsKeeper, { kind: "key" }>): Promise<void> {
  const { region, name } = parseSecretsProvider(url);
  await explaining(`decrypt the stack's secrets with key ${name}`, async () => {
    const CiphertextBlob = Buffer.from(encryptedKey, "base64");
    await kmsClient(region).send(new DecryptCommand({ CiphertextBlob }));
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

async function describe(kms: KMSClient, KeyId: string): Promise<KeyMetadata | undefined> {
  try {
    return (await kms.send(new DescribeKeyCommand({ KeyId }))).KeyMetadata;
  } catch (error) {
    if (errorName(error) === "NotFoundException") return undefined;
    throw error;
  }
}

async function createKey(kms: KMSClient, args: KeyArgs, report: (finding: Finding) => void): Promise<KeyMetadata> {
  const { alias } = args;
  const nameless = await findNameless(kms, descriptionOf(args));
  const key = nameless ?? (await makeKey(kms, descriptionOf(args)));
  await kms.send(new CreateAliasCommand({ AliasName: alias, TargetKeyId: key.KeyId }));
  report({ what: `key ${alias}`, was: nameless ? `${key.KeyId} without its name` : "absent", did: "created" });
  return key;
}

async function makeKey(kms: KMSClient, Description: string): Promise<KeyMetadata> {
  const { KeyMetadata } = await kms.send(
    new CreateKeyCommand({
      Description,
      KeyUsage: "ENCRYPT_DECRYPT",
      Tags: [{ TagKey: projectTag.key, TagValue: projectTag.value }],
    }),
  );
  if (KeyMetadata === undefined) throw new UserError("AWS says that it created a key, and not which");
  return KeyMetadata;
}

/** A usable key of this description that has no alias. */
async function findNameless(kms: KMSClient, description: string): Promise<KeyMetadata | undefined> {
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
  const refuse = (why: string, next: string): never => {
    throw new UserError(`key ${alias} (${KeyId}) ${why}; it was left as it is`, next);
  };
  if (Arn.split(":")[4] !== account) {
    refuse(`is not of account ${account} (${Arn})`, "use credentials of that account");
  }
  if (KeyUsage !== "ENCRYPT_DECRYPT") {
    refuse(`is for ${KeyUsage}, and must be for ENCRYPT_DECRYPT`, "give that key another alias");
  }
  if (KeyState !== "Enabled") {
    const cancel = KeyState === "PendingDeletion" ? `aws kms cancel-key-deletion --key-id ${KeyId}, then ` : "";
    refuse(
      `is ${KeyState}, and must be Enabled`,
      `ask why whoever manages the account; to have it back: ${cancel}aws kms enable-key --key-id ${KeyId}`,
    );
  }
}
