import { identifyStack } from "../../../config/stacks";
import type { StackFacts } from "../../../policy/inventory";
import { fixtureConfig } from "../../support/stackConfig";
import { stackRun } from "../../support/stackRuns";

export const stacks = ["prod", "ephemeral", "local", "pr-7"] as const;

export type Stack = (typeof stacks)[number];

export interface RenderedStack {
  readonly objects: readonly unknown[];
  readonly facts: StackFacts;
}

const internalHosts: Readonly<Record<Stack, readonly string[]>> = {
  prod: ["internal.datasets-server.huggingface.co"],
  ephemeral: [],
  local: ["internal.datasets-server.localhost"],
  "pr-7": [],
};

const externalClaims: Readonly<Record<Stack, readonly string[]>> = {
  prod: ["datasets-server-parquet-pvc"],
  ephemeral: ["datasets-server-parquet-pvc"],
  local: [],
  "pr-7": [],
};

const rendered = new Map<Stack, RenderedStack>();

/** The objects of a stack as the program makes them; rendered once for all tests. */
export async function renderedStack(stack: Stack): Promise<RenderedStack> {
  const known = rendered.get(stack);
  if (known) {
    return known;
  }
  const { objects, config } = await stackRun(stack);
  const facts = {
    stack,
    namespace: identifyStack(stack)?.namespace ?? "",
    internalHosts: internalHosts[stack],
    externalClaims: externalClaims[stack],
    nodePools: config.datasetsServer.nodePools,
  };
  const result = { objects, facts };
  rendered.set(stack, result);
  return result;
}

/** What the stack's file says under one key, such as network. */
export function stackSetting(stack: Stack, key: string): unknown {
  return JSON.parse(fixtureConfig(stack)[`datasets-server:${key}`] ?? "null");
}
