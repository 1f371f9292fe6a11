import { type KubernetesClient, kubernetesClient } from "../../cluster/kubernetesClient";
import { UserError } from "../../cluster/userError";
import type { Config } from "../../config/build";
import { type Parameters, parameterVariables } from "../../config/pullRequest";
import type { StackFile } from "../../config/schema";
import { connectCluster } from "../aws/cluster";
import { type Engine, engineFor, stateOf } from "../lib/engine";
import { stackFile } from "../lib/project";
import { readStack, type SecretsKeeper } from "../lib/stackFile";
import { openStore, type StateStore } from "../state/store";
import type { EnvironmentIdentity, Target } from "./input";

/** Where environments live: their state, and the engine that reaches it. */
export interface Place {
  readonly workspace: string;
  /** The stack file that configures every environment there. */
  readonly file: string;
  readonly engine: Engine;
  readonly store: StateStore;
}

/** What an environment is made of and where, as its stack file specifies. */
export interface Configured {
  readonly config: Config;
  readonly keeper: SecretsKeeper;
  readonly pullRequest: NonNullable<StackFile["pullRequest"]>;
  /** A client of its cluster, made when it is first asked for. */
  readonly client: () => Promise<KubernetesClient>;
}

/** Opens the state of a target's environments, for commands that change them or only look. */
export async function openPlace(workspace: string, target: Target, use: "change" | "look"): Promise<Place> {
  const engine = await engineFor(workspace, target, { withProgram: use === "change" });
  return { workspace, file: stackFile(target), engine, store: await openStore(stateOf(engine)) };
}

/** Returns the flags that have Pulumi configure an environment by the file of its target, and not by one of its own. */
export function onEnvironment({ file }: Place, { stack }: EnvironmentIdentity): string[] {
  return ["--stack", stack, "--config-file", file, "--non-interactive"];
}

/**
 * Reads the stack file as the program does.
 *
 * @param told what the program would be told of the environment. Default: nothing.
 * @throws a UserError that names every issue.
 */
export function configure(
  { file: configuredBy, workspace }: Pick<Place, "file" | "workspace">,
  { stack }: EnvironmentIdentity,
  told: Parameters = {},
): Configured {
  const variables = { ...process.env, ...parameterVariables(told) };
  const { config, file, keeper } = readStack(stack, configuredBy, variables);
  const { pullRequest } = file;
  if (pullRequest === undefined) {
    throw new UserError(`${configuredBy} has no datasets-server:pullRequest`, "add it; docs/configuration.md has it");
  }
  let client: Promise<KubernetesClient> | undefined;
  const connectOnce = () => {
    client ??= connectCluster(config, workspace).then((args) => kubernetesClient(args)());
    return client;
  };
  return { config, keeper, pullRequest, client: connectOnce };
}
