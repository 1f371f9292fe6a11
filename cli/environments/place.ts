import { type EksClusterArgs, eksKubeconfig } from "../../cluster/eks";
import { type KubernetesClient, kubernetesClient } from "../../cluster/kubernetesClient";
import { UserError } from "../../cluster/userError";
import type { Config } from "../../config/build";
import type { StackFile } from "../../config/schema";
import { workspacePaths } from "../../tools/workspace";
import { clusterCredentials } from "../aws/credentials";
import { examineCluster } from "../doctor/aws";
import { type Engine, engineFor, stateOf } from "../lib/engine";
import { stackFile } from "../lib/project";
import { readStack } from "../lib/stackFile";
import { openStore, type StateStore } from "../state/store";
import type { EnvironmentIdentity, Target } from "./input";

/** Where environments live: their state, and the engine that reaches it. */
export interface Place {
  readonly target: Target;
  readonly workspace: string;
  /** The stack file that configures every environment there. */
  readonly file: string;
  readonly engine: Engine;
  readonly store: StateStore;
}

/** What an environment is made of and where, as its stack file says. */
export interface Configured {
  readonly config: Config;
  readonly pullRequest: NonNullable<StackFile["pullRequest"]>;
  /** A client of its cluster, made when it is first asked for. */
  readonly client: () => Promise<KubernetesClient>;
}

/** Opens the state of a target's environments, for commands that change them or only look. */
export async function openPlace(workspace: string, target: Target, use: "change" | "look"): Promise<Place> {
  const engine = await engineFor(workspace, target, { withProgram: use === "change" });
  return { target, workspace, file: stackFile(target), engine, store: await openStore(stateOf(engine)) };
}

/** Flags that have the engine configure an environment by the file of its target, and not by one of its own. */
export function onEnvironment({ file }: Place, { stack }: EnvironmentIdentity): string[] {
  return ["--stack", stack, "--config-file", file, "--non-interactive"];
}

/** Reads the stack file as the program does. Throws a UserError that names every issue. */
export async function configure(
  { file: configuredBy, workspace }: Pick<Place, "file" | "workspace">,
  { stack }: EnvironmentIdentity,
): Promise<Configured> {
  const { config, file } = readStack(stack, configuredBy);
  const { pullRequest } = file;
  if (pullRequest === undefined) {
    // The loader refuses a pull request's stack without it.
    throw new UserError(`${configuredBy} says nothing of pull requests`);
  }
  return { config, pullRequest, client: lazily(() => connect(config, workspace)) };
}

async function connect({ cluster, datasetsServer: { scope } }: Config, workspace: string): Promise<KubernetesClient> {
  const { context } = cluster;
  const kubeconfig =
    cluster.kind === "eks" ? await eksAccess(cluster, scope.namespace) : workspacePaths(workspace).kubeconfig;
  return kubernetesClient({ kubeconfig, context })();
}

async function eksAccess(cluster: EksClusterArgs, namespace: string): Promise<string> {
  const { value } = await examineCluster(cluster, clusterCredentials(cluster));
  return eksKubeconfig(cluster, { ...value, namespace });
}

function lazily<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
