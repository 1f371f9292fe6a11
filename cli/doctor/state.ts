import * as path from "node:path";
import { z } from "zod";
import { UserError } from "../../cluster/userError";
import { secretsProviderUrl } from "../../config/accounts";
import { configKey } from "../../config/issues";
import { type EncryptedKey, isEncryptedKey, placeholders } from "../../config/schema";
import { secretFormIssue, setSecret } from "../../config/secretForms";
import { run } from "../../tools/run";
import { checkSecretsReadable } from "../aws/key";
import { type Engine, makes, stateOf } from "../lib/engine";
import { projectFolder, stackFile } from "../lib/project";
import { readStackFileHead } from "../lib/stackFile";
import { checkpointKey, parseCheckpoint } from "../state/checkpoint";
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

const configuration = z.record(z.string(), z.object({ value: z.string(), secret: z.boolean().default(false) }));

/** The secrets of a stack file by key; for comparison only, and never shown. */
type Secrets = ReadonlyMap<string, string>;

/** Has Pulumi decrypt the stack file. */
export async function checkSecrets(engine: Engine, stack: string, signal: AbortSignal): Promise<Findings<Secrets>> {
  const file = stackFile(stack);
  const { cluster, keeper } = readStackFileHead(file);
  if (keeper.kind === "key") {
    await checkSecretsReadable(keeper);
  }
  const args = ["config", "--stack", stack, "--config-file", file, "--show-secrets", "--json", "--non-interactive"];
  const { executable, environment: env } = engine;
  const { code, stdout, stderr } = await run(executable, args, { cwd: projectFolder, env, signal });
  if (code !== 0) {
    // What Pulumi says at the end is the cause.
    const cause = stderr
      .trim()
      .split("\n")
      .at(-1)
      ?.replace(/^error: /, "");
    throw new UserError(`${path.basename(file)} cannot be decrypted: ${cause}`);
  }
  const entries = Object.entries(configuration.parse(JSON.parse(stdout))).filter(([, { secret }]) => secret);
  const secrets = new Map(entries.map(([key, { value }]) => [key, value]));
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
