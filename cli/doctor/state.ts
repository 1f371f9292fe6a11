import * as path from "node:path";
import { z } from "zod";
import { UserError } from "../../cluster/userError";
import { secretsProviderUrl } from "../../config/accounts";
import { run } from "../../tools/run";
import { checkSecretsReadable } from "../aws/key";
import { type Engine, stateOf } from "../lib/engine";
import { projectFolder, stackFile } from "../lib/project";
import { readStackFileHead } from "../lib/stackFile";
import type { StateAddress } from "../lib/stateAddress";
import { checkpointKey, parseCheckpoint } from "../state/checkpoint";
import { describeLock, readLocks } from "../state/locks";
import { openStore, type StateStore } from "../state/store";
import { type Finding, type Findings, found } from "./examination";

/** Opens the state and reads the stack's own file in it. */
export async function examineState(engine: Engine, stack: string, create: string): Promise<Findings<StateStore>> {
  const address = stateOf(engine);
  const where = nameOf(address);
  const store = await openStore(address);
  const key = checkpointKey(stack);
  const text = await store.read(key);
  if (text === undefined) {
    throw new UserError(`there is no stack ${stack} in ${where}`, create);
  }
  const state = parseCheckpoint(text);
  if (state === undefined) {
    throw new UserError(
      `${key} in ${where} is damaged, and the engine cannot read it`,
      `ds restore ${stack}, which puts its last good version back`,
    );
  }
  const { manifest, resources, pending_operations: pending } = state;
  const updated = manifest === undefined ? "never updated" : `last written ${manifest.time}`;
  const says = `${where} has it: ${count(resources?.length ?? 0, "resource")}, ${updated}`;
  const interrupted = pending?.length ?? 0;
  const finding: Finding =
    interrupted === 0
      ? { outcome: "ok", found: says }
      : {
          outcome: "warning",
          found: `${says}; an interrupted run left ${count(interrupted, "operation")} pending`,
          next: `the next update takes them up; to see what became of them: ds pulumi ${stack} -- refresh --preview-only`,
        };
  return found(finding, store);
}

/** Says who holds the stack's locks. */
export async function examineLock(store: StateStore, stack: string): Promise<Findings<void>> {
  const locks = await readLocks(store, stack);
  if (locks.length === 0) {
    return found({ outcome: "ok", found: "no run holds it" }, undefined);
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

/** Has the engine decrypt the stack file. */
export async function examineSecrets(engine: Engine, stack: string, signal: AbortSignal): Promise<Findings<Secrets>> {
  const file = stackFile(stack);
  const { cluster, keeper } = readStackFileHead(file);
  if (keeper.kind === "key") {
    await checkSecretsReadable(keeper);
  }
  const args = ["config", "--stack", stack, "--config-file", file, "--show-secrets", "--json", "--non-interactive"];
  const { code, stdout, stderr } = await run(engine.executable, args, {
    cwd: projectFolder,
    env: engine.environment,
    signal,
  });
  if (code !== 0) {
    throw new UserError(`${path.basename(file)} cannot be decrypted: ${lastLine(stderr)}`);
  }
  const entries = Object.entries(configuration.parse(JSON.parse(stdout))).filter(([, { secret }]) => secret);
  const secrets = new Map(entries.map(([key, { value }]) => [key, value]));
  const opened = `${count(secrets.size, "value")} opened with ${keeper.kind === "key" ? keeper.url : "the passphrase"}`;
  const wanted = cluster.name === "local" ? undefined : secretsProviderUrl(cluster.name);
  return found(
    wanted === undefined || (keeper.kind === "key" && keeper.url === wanted)
      ? { outcome: "ok", found: opened }
      : { outcome: "warning", found: `${opened}; they belong to ${wanted}`, next: `ds bootstrap ${stack}` },
    secrets,
  );
}

/** Finds the secrets that nobody has set yet. A stack on EKS is not deployed with one. */
export function examinePlaceholders(
  secrets: Secrets,
  unset: Readonly<Record<string, string>>,
  { stack, refused }: { readonly stack: string; readonly refused: boolean },
): Findings<void> {
  const left = Object.keys(unset).filter((key) => secrets.get(key) === unset[key]);
  if (left.length === 0) {
    return found({ outcome: "ok", found: "every secret has been set" }, undefined);
  }
  const says = `nobody has set ${count(left.length, "secret")}`;
  return found(
    refused
      ? {
          outcome: "failed",
          found: `${says}, and an update is refused: ${left.join(", ")}`,
          next: left.map((key) => `ds pulumi ${stack} -- config set --secret ${key}`).join("\n"),
        }
      : { outcome: "ok", found: `${says}; the local cluster needs none` },
    undefined,
  );
}

function count(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? "" : "s"}`;
}

function nameOf(address: StateAddress): string {
  return address.kind === "s3" ? `s3://${address.bucket}/${address.prefix}` : address.folder;
}

/** What the engine says at the end is the cause. */
function lastLine(text: string): string {
  return (
    text
      .trim()
      .split("\n")
      .at(-1)
      ?.replace(/^error: /, "") ?? ""
  );
}
