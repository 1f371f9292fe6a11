import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import type { Mocks } from "@pulumi/pulumi/runtime";
import { parse } from "yaml";
import { secretMarker } from "../components/objects";
import { projectName } from "../config/accounts";
import type { Config } from "../config/build";
import { loadConfig, loadStack, type Stack } from "../config/load";
import { placeholders } from "../config/schema";
import { stackFile } from "./project";

export { projectFolder, stackFile } from "./project";

export interface StackConfigOptions {
  /** The stack's configuration as the engine would hand it over. Default: that of the stack's file. */
  readonly config?: Readonly<Record<string, string>>;
  /** Keys that are encrypted besides those of secrets. Default: none. */
  readonly encrypted?: readonly string[];
}

/**
 * What a stack specifies, as the program reads it; no secret is read: each is its marker from the start.
 *
 * Throws a Refusal that names every fault.
 */
export async function stackConfig(stack: string, options: StackConfigOptions = {}): Promise<Config> {
  const { config = readConfig(stackFile(stack)), encrypted = [] } = options;
  const secretKeys = [...Object.keys(placeholders).map((key) => `datasets-server:${key}`), ...encrypted];
  await withoutEngine(stack, { config, secretKeys }, nothingIsRegistered);
  return loadConfig();
}

/**
 * What the file of a stack says, without its secrets. A pull request's may be another than that of stack ephemeral.
 *
 * Throws a Refusal that names every fault.
 */
export async function readStack(stack: string, file = stackFile(stack)): Promise<Stack> {
  const config = readConfig(file);
  const secretKeys = Object.keys(config).filter((key) => config[key] === secretMarker);
  await withoutEngine(stack, { config, secretKeys }, nothingIsRegistered);
  return loadStack();
}

/** Makes this process take itself for a preview of a stack, with mocks in place of the engine. */
export async function withoutEngine(
  stack: string,
  { config, secretKeys }: { readonly config: Readonly<Record<string, string>>; readonly secretKeys: readonly string[] },
  newResource: Mocks["newResource"],
): Promise<void> {
  process.env.PULUMI_CONFIG_SECRET_KEYS = JSON.stringify(secretKeys);
  pulumi.runtime.setAllConfig({ ...config }, [...secretKeys]);
  await pulumi.runtime.setMocks({ newResource, call: nothingIsLookedUp }, projectName, stack, true);
}

/** The configuration that a stack file holds, as the engine hands it to a program: secrets as markers, maps as JSON. */
export function readConfig(file: string): Record<string, string> {
  const { config }: { config: Record<string, unknown> } = parse(readFileSync(file, "utf8"));
  const entries = Object.entries(config).map(([key, value]) => {
    const encrypted = typeof value === "object" && value !== null && "secure" in value;
    return [key, encrypted ? secretMarker : typeof value === "string" ? value : JSON.stringify(value)];
  });
  return Object.fromEntries(entries);
}

function nothingIsRegistered({ type }: { readonly type: string }): never {
  throw new Error(`nothing is registered while a stack file is read, but ${type} was`);
}

function nothingIsLookedUp({ token }: { readonly token: string }): never {
  throw new Error(`nothing is looked up while a stack file is read, but ${token} was`);
}
