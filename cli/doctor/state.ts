import { UserError } from "../../cluster/userError";
import { secretsProviderUrl } from "../../config/accounts";
import { configKey } from "../../config/issues";
import { type EncryptedKey, isEncryptedKey, placeholders } from "../../config/schema";
import { secretFormIssue, setSecret } from "../../config/secretForms";
import { holdsValue } from "../../safety/redaction";
import { checkSecretsReadable } from "../aws/key";
import { decryptSecrets, type Secrets } from "../lib/decryption";
import { type Engine, makes, stateOf } from "../lib/engine";
import { stackFile } from "../lib/project";
import { readStackFileHead } from "../lib/stackFile";
import { checkpointKey, parseCheckpoint, savedCheckpoints } from "../state/checkpoint";
import { describeLock, readLocks } from "../state/locks";
import { openStore, type StateStore } from "../state/store";
import { type Findings, ok } from "./checkRunner";

/** An engine, and the state that it keeps. */
interface OpenState {
  readonly engine: Engine;
  readonly store: StateStore;
}

/** Opens the state and reads the stack's own file in it. */
export async function checkState(engine: Engine, stack: string): Promise<Findings<OpenState>> {
  const address = stateOf(engine);
  const where = address.kind === "s3" ? `s3://${address.bucket}/${address.prefix}` : address.folder;
  const store = await openStore(address);
  const key = checkpointKey(stack);
  const text = await store.read(key);
  if (text === undefined) {
    throw new UserError(`there is no stack ${stack} in ${where}`, makes(stack));
  }
  const state = parseCheckpoint(text);
  if (state === undefined) {
    throw new UserError(
      `${key} in ${where} is damaged, and Pulumi cannot read it`,
      `ds restore ${stack}, which puts its last good version back`,
    );
  }
  const { manifest, resources, pending_operations: pending } = state;
  const updated = manifest === undefined ? "never updated" : `last written ${manifest.time}`;
  const found = `${where} has it: ${count(resources?.length ?? 0, "resource")}, ${updated}`;
  const value = { engine, store };
  if (!pending?.length) {
    return ok(found, value);
  }
  const interrupted = `${found}; an interrupted run left ${count(pending.length, "operation")} pending`;
  const next = `the next update takes them up; to see what became of them: ds pulumi ${stack} -- refresh --preview-only`;
  return { findings: [{ outcome: "warning", found: interrupted, next }], value };
}

/** Tells who holds the stack's locks. */
export async function checkLock(store: StateStore, stack: string): Promise<Findings> {
  const locks = await readLocks(store, stack);
  if (locks.length === 0) {
    return ok("no run holds it");
  }
  const now = new Date();
  return {
    findings: locks.map((lock) => ({ outcome: "failed", found: `locked by ${describeLock(lock, now)}` })),
    value: undefined,
  };
}

/** Has Pulumi decrypt the stack file. */
export async function checkSecrets(engine: Engine, stack: string, signal: AbortSignal): Promise<Findings<Secrets>> {
  const file = stackFile(stack);
  const { cluster, keeper } = readStackFileHead(file);
  if (keeper.kind === "key") {
    await checkSecretsReadable(keeper);
  }
  const secrets = await decryptSecrets(engine, stack, { file, signal });
  const found = `${count(secrets.size, "value")} opened with ${keeper.kind === "key" ? keeper.url : "the passphrase"}`;
  const wanted = cluster.name === "local" ? undefined : secretsProviderUrl(cluster.name);
  if (wanted === undefined || (keeper.kind === "key" && keeper.url === wanted)) {
    return ok(found, secrets);
  }
  const warning = {
    outcome: "warning",
    found: `${found}; they belong to ${wanted}`,
    next: `ds bootstrap ${stack}`,
  } as const;
  return { findings: [warning], value: secrets };
}

/** Finds the secrets that still have their placeholder, of those that the stack needs. A stack on EKS is not deployed with one. */
export function checkPlaceholders(secrets: Secrets, needed: readonly EncryptedKey[], stack: string): Findings {
  const left = needed.filter((key) => secrets.get(configKey([key])) === placeholders[key]);
  if (left.length === 0) {
    return ok("every secret has been set");
  }
  const found = `${count(left.length, "secret")} still ${left.length === 1 ? "has its" : "have their"} placeholder`;
  if (stack === "local") {
    return ok(`${found}; the local cluster needs none`);
  }
  throw new UserError(
    `${found}, and an update is refused: ${left.map((key) => configKey([key])).join(", ")}`,
    left.map((key) => setSecret(stack, key)).join("\n"),
  );
}

/** How many earlier copies of a state are searched, the latest. */
const searchedCopies = 5;

/**
 * Finds secrets that a state holds in the clear. Pulumi encrypts what the program marks as secret; but it keeps what an API
 * server said of an update that failed, and an admission policy may have repeated the whole object.
 */
export async function checkSecretsInState(store: StateStore, stack: string, secrets: Secrets): Promise<Findings> {
  const set = Object.keys(placeholders)
    .filter(isEncryptedKey)
    .flatMap((key) => {
      const value = secrets.get(configKey([key]));
      return value === undefined || value === placeholders[key] ? [] : [{ key, value }];
    });
  const held = async (file: string) => {
    const text = (await store.read(file)) ?? "";
    return set.filter(({ value }) => holdsValue(text, value)).map(({ key }) => key);
  };
  const now = await held(checkpointKey(stack));
  const copies = (await savedCheckpoints(store, stack)).slice(0, searchedCopies);
  const keys = [...new Set([...now, ...(await Promise.all(copies.map(held))).flat()])];
  if (keys.length === 0) return ok("the state holds none in the clear");
  const where = now.length > 0 ? "the state" : "an earlier copy of the state";
  const found = `${where} holds in the clear, as in the error of an update: ${keys.map((key) => configKey([key])).join(", ")}`;
  const next = [
    ...(now.length > 0 ? ["correct what the update failed for, and run it again: Pulumi then drops the error"] : []),
    "copies of the state keep it: replace the value where it is from, and here:",
    ...keys.map((key) => setSecret(stack, key)),
  ].join("\n");
  return { findings: [{ outcome: "failed", found, next }], value: undefined };
}

/** Finds the secrets whose values have not the form that the application reads, and shows none. */
export function checkSecretForms(secrets: Secrets, stack: string): Findings {
  const findings = Object.keys(placeholders)
    .filter(isEncryptedKey)
    .flatMap((key) => {
      const issue = secretFormIssue(key, secrets.get(configKey([key])) ?? "");
      const found = `the value of ${configKey([key])} ${issue}`;
      return issue === undefined ? [] : [{ outcome: "failed", found, next: setSecret(stack, key) } as const];
    });
  return findings.length > 0 ? { findings, value: undefined } : ok("every value has the form that it is read in");
}

function count(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? "" : "s"}`;
}
