import * as pulumi from "@pulumi/pulumi";
import type { MockCallArgs, MockResourceArgs, Mocks } from "@pulumi/pulumi/runtime";
import { projectName } from "../config/accounts";
import type { Config } from "../config/build";
import { loadConfig } from "../config/load";
import { placeholders } from "../config/schema";
import { stackFile } from "./project";
import { readConfig } from "./stackFile";

export { projectFolder, stackFile } from "./project";
export { readConfig, secretMarker } from "./stackFile";

/** A resource that the program registered, with secrets as their markers. */
export interface RegisteredResource {
  readonly type: string;
  readonly name: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  /** Names of the inputs that the engine would keep encrypted. */
  readonly secretInputs: readonly string[];
  readonly provider: string;
}

export interface ProgramRun {
  /** What the stack's file says, as the program reads it. */
  readonly config: Config;
  readonly resources: readonly RegisteredResource[];
  readonly outputs: Readonly<Record<string, unknown>>;
}

export interface RunProgramOptions {
  /** The stack's configuration as the engine would hand it over. Default: that of the stack's file. */
  readonly config?: Readonly<Record<string, string>>;
  /** Keys that are encrypted besides those of secrets. Default: none. */
  readonly encrypted?: readonly string[];
  /** Sees every resource with its options before it is registered. */
  readonly observe?: (resource: pulumi.ResourceTransformationArgs) => void;
}

/**
 * Runs the program of a stack without engine, cluster or AWS, and returns what it registers.
 *
 * No secret is read: each is its marker from the start. Throws what the program throws.
 */
export async function runProgram(stack: string, options: RunProgramOptions = {}): Promise<ProgramRun> {
  const { config = readConfig(stackFile(stack)), encrypted = [], observe = () => undefined } = options;
  const resources: RegisteredResource[] = [];
  const secretKeys = [...Object.keys(placeholders).map((key) => `datasets-server:${key}`), ...encrypted];
  process.env.DATASETS_SERVER_OFFLINE = "true";
  await withoutEngine(stack, { config, secretKeys }, (args) => {
    resources.push(registered(args));
    return { id: `${args.name}-id`, state: args.inputs };
  });
  const { default: program } = await import("../index");
  const outputs = await pulumi.runtime.runInPulumiStack(() => {
    pulumi.runtime.registerStackTransformation((resource) => {
      observe(resource);
      return undefined;
    });
    return program();
  });
  // Registrations go on after the program has returned; this waits for the last of them.
  await pulumi.runtime.disconnect();
  return { config: loadConfig(), resources, outputs: outputs ?? {} };
}

/** Makes this process take itself for a preview of a stack, with mocks in place of the engine. */
export async function withoutEngine(
  stack: string,
  { config, secretKeys }: { readonly config: Readonly<Record<string, string>>; readonly secretKeys: readonly string[] },
  newResource: Mocks["newResource"],
): Promise<void> {
  process.env.PULUMI_CONFIG_SECRET_KEYS = JSON.stringify(secretKeys);
  pulumi.runtime.setAllConfig({ ...config }, [...secretKeys]);
  await pulumi.runtime.setMocks({ newResource, call: answer }, projectName, stack, true);
}

/** Answers the program's one lookup as AWS would; anything else is a lookup that nobody planned. */
export function answer({ token, inputs }: MockCallArgs): Record<string, unknown> {
  if (token !== "aws:eks/getCluster:getCluster") {
    throw new Error(`the program asked ${token}, for which there is no answer here`);
  }
  return {
    name: inputs.name,
    arn: `arn:aws:eks:us-east-1:707930574880:cluster/${inputs.name}`,
    status: "ACTIVE",
    endpoint: "https://cluster.invalid",
    certificateAuthorities: [{ data: "Y2VydGlmaWNhdGU=" }],
  };
}

function registered({ type, name, inputs, provider = "" }: MockResourceArgs): RegisteredResource {
  const values: Record<string, unknown> = inputs;
  const secretInputs = Object.keys(values).filter((key) => pulumi.runtime.isRpcSecret(values[key]));
  return { type, name, inputs: unwrap(values), secretInputs, provider };
}

function unwrap(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, pulumi.runtime.unwrapRpcSecret(value)]));
}
