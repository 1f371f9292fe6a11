import * as path from "node:path";
import { specialSigKey } from "@pulumi/pulumi/runtime";
import { z } from "zod";
import { errorText, UserError } from "../../cluster/userError";
import { hideValues } from "../../safety/redaction";
import { run } from "../../tools/run";
import type { Engine } from "./engine";
import { parseJson } from "./json";
import { projectFolder, stackFile } from "./project";

/** Secrets of a stack file by key, for comparison only. */
export type Secrets = ReadonlyMap<string, string>;

const configuration = z.record(z.string(), z.object({ value: z.string(), secret: z.boolean().default(false) }));

/**
 * Has Pulumi decrypt the file of a stack that is there. The values come on a pipe, and are in no argument and no file; nothing
 * that this process prints, posts or writes shows one from then on.
 *
 * @throws when Pulumi cannot, such as without the passphrase.
 */
export async function decryptSecrets(
  { executable, environment: env }: Engine,
  stack: string,
  { file = stackFile(stack), signal }: { file?: string; signal?: AbortSignal } = {},
): Promise<Secrets> {
  const args = ["config", "--stack", stack, "--config-file", file, "--show-secrets", "--json", "--non-interactive"];
  const { code, stdout, stderr } = await run(executable, args, { cwd: projectFolder, env, ...(signal && { signal }) });
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
  hideValues(entries.map(([, { value }]) => value));
  return new Map(entries.map(([key, { value }]) => [key, value]));
}

/**
 * The same, with the values that are deployed and may be older, for a command that goes on without any; it says so then.
 */
export async function hideSecrets(engine: Engine, stack: string, file?: string): Promise<void> {
  const deployed = deployedValues(engine, stack);
  try {
    await decryptSecrets(engine, stack, file === undefined ? {} : { file });
  } catch (error) {
    console.error(`warning: ${errorText(error)}\nOf secrets, what follows leaves out only what looks like one.`);
  }
  hideValues(await deployed);
}

/** Returns the secret values of a stack's state; none where Pulumi does not read them. */
async function deployedValues({ executable, environment: env }: Engine, stack: string): Promise<string[]> {
  const args = ["stack", "export", "--stack", stack, "--show-secrets", "--non-interactive"];
  const { code, stdout } = await run(executable, args, { cwd: projectFolder, env });
  return code === 0 ? plaintexts(parseJson(stdout)) : [];
}

function plaintexts(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [];
  if (specialSigKey in value && "plaintext" in value) return texts(parseJson(String(value.plaintext)));
  return Object.values(value).flatMap(plaintexts);
}

/** The texts of a value. A Secret has its own in base64. */
function texts(value: unknown): string[] {
  if (typeof value === "object" && value !== null) return Object.values(value).flatMap(texts);
  if (typeof value !== "string") return [];
  const decoded = Buffer.from(value, "base64");
  return decoded.toString("base64") === value ? [value, decoded.toString()] : [value];
}
