import { existsSync } from "node:fs";
import { clusterArn, type EksClusterArgs } from "../../cluster/eks";
import type { ClientArgs } from "../../cluster/kubernetesClient";
import { UserError } from "../../cluster/userError";
import { allObjects, buildObjects } from "../../components/buildObjects";
import { type Config, neededSecrets } from "../../config/build";
import type { EncryptedKey } from "../../config/schema";
import { neededPermissions, type Permission } from "../../safety/permissions";
import type { EngineTools } from "../../tools/toolbox";
import { connectCluster } from "../aws/cluster";
import { engineOf, makes } from "../lib/engine";
import { readStack } from "../lib/stackFile";
import { checkIdentity, checkImages, checkLoadBalancerCidrs, checkNetworkPolicies, checkTags, checkToken } from "./aws";
import { both, type CheckRunner, type Findings, nothing, ok, type Result } from "./checkRunner";
import { checkApiServer, checkConflicts, checkCustomResources, checkNamespace, checkPermissions } from "./kubernetes";
import { checkLock, checkPlaceholders, checkSecretForms, checkSecrets, checkSecretsInState, checkState } from "./state";
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
  readonly permissions: readonly Permission[];
  /** The secrets that the stack needs. */
  readonly secrets: readonly EncryptedKey[];
}

const askForPermissions = "ask an administrator for the permissions of docs/access.md";

/** What the stages after the first go by. */
interface Started extends Target {
  readonly runner: CheckRunner;
  readonly tools: Result<EngineTools>;
  readonly configured: Result<Configured>;
}

/**
 * Checks a stack in stages: first the tools and its file; then its state, and at the same time whose the credentials are, its
 * cluster, and there the permissions and objects.
 */
export async function checkStack(runner: CheckRunner, target: Target): Promise<void> {
  const { stack } = target;
  const install = stack === "local" ? "ds tools install" : "ds tools install deploy";
  const fix = "fix each key it names; docs/configuration.md says what it may be";
  const [tools, configured] = await Promise.all([
    runner.check("tools", nothing, install, () => checkTools(stack)),
    runner.check("stack file", nothing, fix, async () => checkStackFile(stack)),
  ]);
  const started = { ...target, runner, tools, configured };
  await Promise.all([checkStateStage(started), checkClusterStages(started)]);
}

function checkStackFile(stack: string): Findings<Configured> {
  const { identity, file, config } = readStack(stack);
  const { namespace } = config.datasetsServer.scope;
  return ok(`no issues; cluster ${file.cluster.name}, namespace ${namespace}`, {
    config,
    permissions: neededPermissions(allObjects(buildObjects(config.datasetsServer)), namespace),
    secrets: neededSecrets(identity, file),
  });
}

async function checkStateStage({ runner, stack, workspace, tools, configured }: Started): Promise<void> {
  const state = await runner.check(
    "state",
    tools,
    "see where the state is (backend.url in Pulumi.yaml, PULUMI_BACKEND_URL) and whether you may read it",
    async (toolbox) => {
      // An engine of stack local has a folder made for its state; a look must not.
      if (stack === "local" && !existsSync(workspace)) {
        throw new UserError("nothing was started here yet", makes(stack));
      }
      return checkState(engineOf(toolbox, workspace, stack), stack);
    },
  );
  const passphrase = "PULUMI_CONFIG_PASSPHRASE must be that of the stack file; the committed files' is placeholder";
  const unlock = `wait until that run ends; when it is certain that it was killed: ds unlock ${stack}`;
  const [secrets] = await Promise.all([
    runner.check("secrets", state, passphrase, ({ engine }, signal) => checkSecrets(engine, stack, signal)),
    runner.check("lock", state, unlock, ({ store }) => checkLock(store, stack)),
  ]);
  await runner.check(
    "placeholders",
    both(secrets, configured),
    "docs/configuration.md lists the secrets",
    async ([values, needed]) => checkPlaceholders(values, needed.secrets, stack),
  );
  await runner.check(
    "secrets in the state",
    both(state, secrets),
    "see whether you may read the state",
    ([{ store }, values]) => checkSecretsInState(store, stack, values),
  );
  await runner.check("secret forms", secrets, "docs/configuration.md#secrets", async (values) =>
    checkSecretForms(values, stack),
  );
}

async function checkClusterStages(started: Started): Promise<void> {
  const { runner, stack, workspace, tools, configured } = started;
  if (stack !== "local") {
    return checkEksStages(started);
  }
  const connection = await runner.check("local cluster", both(tools, configured), "ds up", async ([, { config }]) => {
    const found = await connectCluster(config, workspace);
    return ok(`running, ${found.kubeconfig}`, found);
  });
  await checkObjectStages(started, connection);
}

async function checkEksStages(started: Started): Promise<void> {
  const { runner, stack, workspace, tools, configured } = started;
  const whoYouAre = "see whether this machine reaches AWS (proxy, VPN), and who you are: aws sts get-caller-identity";
  const recentCli = "install a recent AWS CLI (https://aws.amazon.com/cli/) and have it first on PATH";
  const [identity, awsCli] = await Promise.all([
    runner.check("AWS identity", configured, whoYouAre, async ({ config }) => {
      const cluster = eksClusterOf(config);
      const { findings } = await checkIdentity(cluster);
      return { findings, value: { config, cluster } };
    }),
    runner.check("AWS CLI", tools, recentCli, (toolbox, signal) =>
      checkAwsCli(engineOf(toolbox, workspace, stack).environment, signal),
    ),
    runner.check("AWS provider", tools, "ds tools install eks", () => checkAwsPlugin(workspace)),
  ]);
  const others = [
    runner.check("load balancer ranges", configured, "", async ({ config }) =>
      checkLoadBalancerCidrs(eksClusterOf(config), config.datasetsServer.network.loadBalancerCidrs),
    ),
    runner.check("images", identity, askForPermissions, ({ config }) => checkImages(config)),
    runner.check("tags", identity, askForPermissions, ({ config }) => checkTags(config)),
    runner.check("network policies", identity, askForPermissions, ({ cluster }) => checkNetworkPolicies(cluster)),
  ];
  const connection = await runner.check("EKS cluster", identity, askForPermissions, async ({ config, cluster }) =>
    ok(`${clusterArn(cluster)} is ACTIVE and answers`, await connectCluster(config, workspace)),
  );
  const token = await runner.check(
    "token",
    both(connection, awsCli),
    "run that command yourself; it needs the same credentials as aws sts get-caller-identity",
    ([withCommand, environment], signal) => checkToken(withCommand, environment, signal),
  );
  await checkObjectStages(started, token);
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
async function checkObjectStages(
  { runner, stack, configured }: Started,
  connection: Result<ClientArgs>,
): Promise<void> {
  const reach = "see whether it can be reached from this machine (VPN, proxy); stack local: ds down, ds up";
  const askForRoles = "ask an administrator of the cluster for the roles of docs/access.md";
  const operator = "have the Prometheus operator's CRDs installed, or set monitoring: false in the stack file";
  const client = await runner.check("API server", connection, reach, checkApiServer);
  const needs = both(client, configured);
  const checks = [
    runner.check("permissions", needs, askForRoles, ([api, { permissions }]) => checkPermissions(api, permissions)),
    runner.check("namespace", needs, askForPermissions, ([api, { config }]) =>
      checkNamespace(api, config.datasetsServer),
    ),
    runner.check("custom resources", needs, operator, ([api, { permissions }]) =>
      checkCustomResources(api, permissions),
    ),
  ];
  // The local cluster has no objects of others.
  if (stack !== "local") {
    checks.push(
      runner.check("what runs already", needs, askForPermissions, ([api, { config }]) => checkConflicts(api, config)),
    );
  }
  await Promise.all(checks);
}
