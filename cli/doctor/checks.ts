import { existsSync } from "node:fs";
import { clusterArn, type EksClusterArgs } from "../../cluster/eks";
import type { ClientArgs } from "../../cluster/kubernetesClient";
import { UserError } from "../../cluster/userError";
import { allObjects, buildObjects } from "../../components/buildObjects";
import { type Config, neededSecrets } from "../../config/build";
import { configKey } from "../../config/issues";
import { placeholders } from "../../config/schema";
import { neededRights, type Right } from "../../safety/permissions";
import type { EngineTools } from "../../tools/toolbox";
import { connectCluster } from "../aws/cluster";
import { engineOf, makes } from "../engine";
import { readStack } from "../stackFile";
import { checkIdentity, checkImages, checkNetworkPolicies, checkToken } from "./aws";
import { both, type CheckRunner, type Findings, nothing, ok, type Result } from "./checkRunner";
import { checkApiServer, checkConflicts, checkCustomResources, checkNamespace, checkPermissions } from "./kubernetes";
import { checkLock, checkPlaceholders, checkSecrets, checkState } from "./state";
import { checkAwsCli, checkAwsPlugin, checkTools } from "./tools";

/** The stack to check. */
export interface Target {
  readonly stack: string;
  /** The folder that holds Pulumi's plugins, and for stack local its state and cluster. */
  readonly workspace: string;
}

/** What the stack's file specifies, as far as checks need it. */
interface Configured {
  readonly config: Config;
  readonly permissions: readonly Right[];
  /** The placeholder of each secret that the stack needs, by its key. */
  readonly placeholders: Readonly<Record<string, string>>;
}

const askForPermissions = "ask an administrator for the permissions of docs/access.md";

/**
 * Checks a stack in stages: first the tools and its file; then its state, and at the same time whose the credentials are, its
 * cluster, and there the permissions and objects. What a failed check would have had to give is not looked for.
 */
export async function checkStack(runner: CheckRunner, target: Target): Promise<void> {
  const { stack } = target;
  const [tools, configured] = await Promise.all([
    runner.check(nothing, {
      name: "tools",
      advice: stack === "local" ? "ds tools install" : "ds tools install deploy",
      run: () => checkTools(stack),
    }),
    runner.check(nothing, {
      name: "stack file",
      advice: "fix each key it names; docs/configuration.md says what it may be",
      run: async () => checkStackFile(stack),
    }),
  ]);
  await Promise.all([
    checkStateStage(runner, target, tools, configured),
    stack === "local"
      ? checkLocalStages(runner, target, tools, configured)
      : checkEksStages(runner, target, tools, configured),
  ]);
}

function checkStackFile(stack: string): Findings<Configured> {
  const { identity, file, config } = readStack(stack);
  const { namespace } = config.datasetsServer.scope;
  return ok(`no issues; cluster ${file.cluster.name}, namespace ${namespace}`, {
    config,
    permissions: neededRights(allObjects(buildObjects(config.datasetsServer)), namespace),
    placeholders: Object.fromEntries(neededSecrets(identity, file).map((key) => [configKey([key]), placeholders[key]])),
  });
}

async function checkLocalStages(
  runner: CheckRunner,
  target: Target,
  tools: Result<EngineTools>,
  configured: Result<Configured>,
): Promise<void> {
  const connection = await runner.check(both(tools, configured), {
    name: "local cluster",
    advice: "ds up",
    run: async ([, { config }]) => {
      const found = await connectCluster(config, target.workspace);
      return ok(`running, ${found.kubeconfig}`, found);
    },
  });
  await checkClusterStages(runner, target, connection, configured);
}

async function checkEksStages(
  runner: CheckRunner,
  target: Target,
  tools: Result<EngineTools>,
  configured: Result<Configured>,
): Promise<void> {
  const { stack, workspace } = target;
  const [identity, awsCli] = await Promise.all([
    runner.check(configured, {
      name: "AWS identity",
      advice: "see whether this machine reaches AWS (proxy, VPN), and who you are: aws sts get-caller-identity",
      run: async ({ config }) => {
        const cluster = eksClusterOf(config);
        const { findings } = await checkIdentity(cluster);
        return { findings, value: { config, cluster } };
      },
    }),
    runner.check(tools, {
      name: "AWS CLI",
      advice: "install a recent AWS CLI (https://aws.amazon.com/cli/) and have it first on PATH",
      run: (toolbox, signal) => checkAwsCli(engineOf(toolbox, workspace, stack).environment, signal),
    }),
    runner.check(tools, {
      name: "AWS provider",
      advice: "ds tools install eks",
      run: () => checkAwsPlugin(workspace),
    }),
  ]);
  const others = [
    runner.check(identity, {
      name: "images",
      advice: askForPermissions,
      run: ({ config }) => checkImages(config),
    }),
    runner.check(identity, {
      name: "network policies",
      advice: askForPermissions,
      run: ({ cluster }) => checkNetworkPolicies(cluster),
    }),
  ];
  const connection = await runner.check(identity, {
    name: "EKS cluster",
    advice: askForPermissions,
    run: async ({ config, cluster }) =>
      ok(`${clusterArn(cluster)} is ACTIVE and answers`, await connectCluster(config, workspace)),
  });
  const token = await runner.check(both(connection, awsCli), {
    name: "token",
    advice: "run that command yourself; it needs the same credentials as aws sts get-caller-identity",
    run: ([withCommand, environment], signal) => checkToken(withCommand, environment, signal),
  });
  await checkClusterStages(runner, target, token, configured);
  await Promise.all(others);
}

/** The stack file's pairing of stacks and clusters has been checked before. */
function eksClusterOf({ cluster }: Config): EksClusterArgs {
  if (cluster.kind !== "eks") {
    throw new UserError(`${cluster.context} is no cluster of EKS`);
  }
  return cluster;
}

/** Checks what only the API server can tell. */
async function checkClusterStages(
  runner: CheckRunner,
  { stack }: Target,
  connection: Result<ClientArgs>,
  configured: Result<Configured>,
): Promise<void> {
  const client = await runner.check(connection, {
    name: "API server",
    advice: "see whether it can be reached from this machine (VPN, proxy); stack local: ds down, ds up",
    run: checkApiServer,
  });
  const needs = both(client, configured);
  await Promise.all([
    runner.check(needs, {
      name: "permissions",
      advice: "ask an administrator of the cluster for the roles of docs/access.md",
      run: ([api, { permissions }]) => checkPermissions(api, permissions),
    }),
    runner.check(needs, {
      name: "namespace",
      advice: askForPermissions,
      run: ([api, { config }]) => checkNamespace(api, config.datasetsServer),
    }),
    runner.check(needs, {
      name: "custom resources",
      advice: "have the Prometheus operator's CRDs installed, or set monitoring: false in the stack file",
      run: ([api, { permissions }]) => checkCustomResources(api, permissions),
    }),
    // Nothing of others is on the local cluster.
    ...(stack === "local"
      ? []
      : [
          runner.check(needs, {
            name: "what runs already",
            advice: askForPermissions,
            run: ([api, { config }]) => checkConflicts(api, config),
          }),
        ]),
  ]);
}

async function checkStateStage(
  runner: CheckRunner,
  { stack, workspace }: Target,
  tools: Result<EngineTools>,
  configured: Result<Configured>,
): Promise<void> {
  const state = await runner.check(tools, {
    name: "state",
    advice: "see where the state is (backend.url in Pulumi.yaml, PULUMI_BACKEND_URL) and whether you may read it",
    run: async (toolbox) => {
      // An engine of stack local has a folder made for its state; a look must not.
      if (stack === "local" && !existsSync(workspace)) {
        throw new UserError("nothing was started here yet", makes(stack));
      }
      return checkState(engineOf(toolbox, workspace, stack), stack);
    },
  });
  const [secrets] = await Promise.all([
    runner.check(state, {
      name: "secrets",
      advice: "PULUMI_CONFIG_PASSPHRASE must be that of the stack file; the committed files' is placeholder",
      run: ({ engine }, signal) => checkSecrets(engine, stack, signal),
    }),
    runner.check(state, {
      name: "lock",
      advice: `wait until that run ends; when it is certain that it was killed: ds unlock ${stack}`,
      run: ({ store }) => checkLock(store, stack),
    }),
  ]);
  await runner.check(both(secrets, configured), {
    name: "placeholders",
    advice: "docs/configuration.md lists the secrets",
    run: async ([values, needed]) => checkPlaceholders(values, needed.placeholders, stack),
  });
}
