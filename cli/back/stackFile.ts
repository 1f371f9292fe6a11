import { parseDocument } from "yaml";
import { UserError } from "../../cluster/userError";

/** What the secrets of a stack file are encrypted with. */
const encryption = ["secretsprovider", "encryptedkey", "encryptionsalt"] as const;

interface Ciphertext {
  readonly path: readonly string[];
  readonly text: string;
}

interface OldStackFile {
  readonly text: string;
  /** The keys whose secrets are today's and differ from the old ones. */
  readonly secrets: readonly string[];
}

/**
 * Returns an older version of a stack file with today's secrets, which replace the old ones as they are, encrypted, together with
 * what they are encrypted with. A secret that the older version does not have stays out: its program may not know the key.
 *
 * @throws when today's file lacks a secret of the old one, and what would decrypt that is another key now.
 */
export function oldStackFile(
  old: string,
  today: string,
  { skipMigration }: { readonly skipMigration: boolean },
): OldStackFile {
  const [document, todays] = [parseDocument(old), parseDocument(today)];
  const isSameKey = encryption.every((key) => document.get(key) === todays.get(key));
  const secrets = new Set<string>();
  for (const { path, text } of ciphertexts(document.toJS())) {
    const replacement = todays.getIn(path);
    const [, key = ""] = path;
    if (typeof replacement === "string") {
      if (replacement === text) continue;
      document.setIn(path, replacement);
      secrets.add(key);
    } else if (!isSameKey) {
      throw new UserError(
        `the older stack file has secret ${key}, which today's lacks, and it was encrypted with another key; no changes were made`,
        `set ${key} in today's stack file, commit it, and run this again`,
      );
    }
  }
  for (const key of isSameKey ? [] : encryption) {
    if (todays.has(key)) document.set(key, todays.get(key));
    else document.delete(key);
  }
  if (skipMigration) document.setIn(["config", "datasets-server:migration", "mode"], "skip");
  const isUntouched = secrets.size === 0 && isSameKey && !skipMigration;
  return {
    text: isUntouched ? old : document.toString({ lineWidth: 0, flowCollectionPadding: false }),
    secrets: [...secrets],
  };
}

/** Finds every encrypted value; Pulumi also encrypts parts of a value. */
function ciphertexts(value: unknown, path: readonly string[] = []): Ciphertext[] {
  if (typeof value === "string" && path.at(-1) === "secure") return [{ path, text: value }];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => ciphertexts(inner, [...path, key]));
}
