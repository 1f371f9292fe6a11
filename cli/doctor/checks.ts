import { existsSync } from "node:fs";
import type { EksClusterArgs } from "../../cluster/eks";
import type { ClientArgs } from "../../cluster/kubernetesClient";
import { UserError } from "../../cluster/userError";
import { allObjects, buildObjects } from "../../components/buildObjects";
import { type Config, neededSecrets } from "../../config/build";
import { configKey } from "../../config/issues";
import { placeholders } from "../../config/schema";
import { neededRights, type Right } from "../../safety/permissions";
import { clusterStatus } from "../../tools/cluster";
import { findTools } from "../../tools/install";
import { type EngineTools, localGroups } from "../../tools/toolbox";
import { workspacePaths } from "../../tools/workspace";
import { clusterCredentials } from "../aws/credentials";
import { engineOf } from "../lib/engine";
import { readStack } from "../lib/stackFile";
import { examineCluster, examineIdentity, examineImages, examineNetworkPolicies, examineToken } from "./aws";
import { type Examination, type Findings, found } from "./examination";
import {
  examineApiServer,
  examineConflicts,
  examineCustomResources,
  examineNamespace,
  examineRights,
} from "./kubernetes";
import { examineLock, examinePlaceholders, examineSecrets, examineState } from "./state";
import { examineAwsCli, examineAwsPlugin, examineTools } from "./tools";

/** What is looked at. */
export interface Patient {
  readonly stack: string;
  /** The folder that holds the engine's plugins, and for stack local its state and cluster. */
  readonly workspace: string;
}

/** What the stack's file says, as far as checks need it. */
interface Configured {
  readonly config: Config;
  readonly rights: readonly Right[];
  /** The placeholder of each secret that the stack needs, by its key. */
  readonly placeholders: Readonly<Record<string, string>>;
}

const access = "ask an administrator for the rights of docs/access.md";

/** Starts every check of a stack, each as soon as those it needs have passed. */
export function checkStack(examination: Examination, patient: Patient): void {
  const tools = examination.check({
    name: "tools",
    needs: Promise.resolve(),
    advice: isLocal(patient) ? "ds tools install" : "ds tools install deploy",
    run: () => examineTools(patient.stack),
  });
  const configured = examination.check({
    name: "stack file",
    needs: Promise.resolve(),
    advice: "mend each key it names; docs/configuration.md says what it may be",
    run: () => examineStackFile(patient.stack),
  });
  const client = isLocal(patient)
    ? checkLocalCluster(examination, patient, { tools, configured })
    : checkEksCluster(examination, patient, { tools, configured });
  checkKubernetes(examination, { client, configured, isShared: !isLocal(patient) });
  checkState(examination, patient, { tools, configured });
}

function isLocal({ stack }: Patient): boolean {
  return stack === "local";
}

async function examineStackFile(stack: string): Promise<Findings<Configured>> {
  const { identity, file, config } = readStack(stack);
  const secrets = neededSecrets(identity, file);
  const value = {
    config,
    rights: neededRights(allObjects(buildObjects(config.datasetsServer)), config.datasetsServer.scope.namespace),
    placeholders: Object.fromEntries(secrets.map((key) => [configKey([key]), placeholders[key]])),
  };
  const { namespace } = config.datasetsServer.scope;
  return found({ outcome: "ok", found: `no issues; cluster ${file.cluster.name}, namespace ${namespace}` }, value);
}

/** What the checks of both kinds of clusters need. */
interface Prepared {
  readonly tools: Promise<EngineTools>;
  readonly configured: Promise<Configured>;
}

/** The API server to ask, and what to do when it cannot be reached. */
interface Reach {
  readonly args: ClientArgs;
  readonly unreachable: string;
}

function checkLocalCluster(
  examination: Examination,
  { workspace }: Patient,
  { tools, configured }: Prepared,
): Promise<Reach> {
  return examination.check({
    name: "local cluster",
    needs: Promise.all([tools, configured]),
    advice: "ds up",
    run: async ([, { config }]) => {
      const status = await clusterStatus(findTools(localGroups), workspace);
      if (status !== "running") {
        throw new UserError(`it is ${status}`);
      }
      const { kubeconfig } = workspacePaths(workspace);
      const args = { kubeconfig, context: config.cluster.context };
      return found({ outcome: "ok", found: `running, ${kubeconfig}` }, { args, unreachable: "ds up" });
    },
  });
}

function checkEksCluster(
  examination: Examination,
  { stack, workspace }: Patient,
  { tools, configured }: Prepared,
): Promise<Reach> {
  const environment = tools.then((toolbox) => engineOf(toolbox, workspace, stack).environment);
  const args = configured.then(({ config }) => eksOf(config));
  const credentials = args.then(clusterCredentials);
  void examination.check({
    name: "AWS provider",
    needs: tools,
    advice: "ds tools install eks",
    run: () => examineAwsPlugin(workspace),
  });
  const awsCli = examination.check({
    name: "AWS CLI",
    needs: environment,
    advice: "install a recent AWS CLI (https://aws.amazon.com/cli/) and have it first on PATH",
    run: examineAwsCli,
  });
  const identity = examination.check({
    name: "AWS identity",
    needs: Promise.all([args, credentials]),
    advice: "see whether this machine reaches AWS (proxy, VPN), and who you are: aws sts get-caller-identity",
    run: ([eks, provider]) => examineIdentity(eks, provider),
  });
  const cluster = examination.check({
    name: "EKS cluster",
    needs: Promise.all([args, credentials, identity]),
    advice: access,
    run: ([eks, provider]) => examineCluster(eks, provider),
  });
  const token = examination.check({
    name: "token",
    needs: Promise.all([configured, args, cluster, environment, awsCli]),
    advice: "run that command yourself; it needs the same credentials as aws sts get-caller-identity",
    run: ([{ config }, eks, access, variables], signal) => {
      const { namespace } = config.datasetsServer.scope;
      return examineToken(eks, { cluster: access, namespace }, { environment: variables, signal });
    },
  });
  void examination.check({
    name: "images",
    needs: Promise.all([configured, identity]),
    advice: access,
    run: ([{ config }]) => examineImages(config),
  });
  void examination.check({
    name: "network policies",
    needs: Promise.all([args, credentials, cluster]),
    advice: access,
    run: ([eks, provider]) => examineNetworkPolicies(eks, provider),
  });
  return Promise.all([args, token]).then(([{ name, context }, kubeconfig]) => ({
    args: { kubeconfig, context },
    unreachable: `see whether this machine is on the network that reaches ${name} (VPN)`,
  }));
}

/** The stack file's pairing of stacks and clusters has been checked before. */
function eksOf({ cluster }: Config): EksClusterArgs {
  if (cluster.kind !== "eks") {
    throw new UserError(`${cluster.context} is no cluster of EKS`);
  }
  return cluster;
}

interface OnCluster {
  readonly client: Promise<Reach>;
  readonly configured: Promise<Configured>;
  /** Whether others have objects there, too. */
  readonly isShared: boolean;
}

function checkKubernetes(examination: Examination, { client: reach, configured, isShared }: OnCluster): void {
  const client = examination.check({
    name: "API server",
    needs: reach,
    advice: "see whether it can be reached from this machine (VPN, proxy); stack local: ds down, ds up",
    run: ({ args, unreachable }) => examineApiServer(args, unreachable),
  });
  const needs = Promise.all([client, configured]);
  void examination.check({
    name: "namespace",
    needs,
    advice: access,
    run: ([api, { config }]) => examineNamespace(api, config.datasetsServer),
  });
  void examination.check({
    name: "custom resources",
    needs,
    advice: "have the Prometheus operator's CRDs installed, or set monitoring: false in the stack file",
    run: ([api, { rights }]) => examineCustomResources(api, rights),
  });
  void examination.check({
    name: "permissions",
    needs,
    advice: "ask an administrator of the cluster for the roles of docs/access.md",
    run: ([api, { rights }]) => examineRights(api, rights),
  });
  if (isShared) {
    void examination.check({
      name: "what runs already",
      needs,
      advice: access,
      run: ([api, { config }]) => examineConflicts(api, config),
    });
  }
}

function checkState(examination: Examination, patient: Patient, { tools, configured }: Prepared): void {
  const { stack, workspace } = patient;
  const local = isLocal(patient);
  const engine = tools.then((toolbox) => {
    // An engine of stack local has a folder made for its state; a look must not.
    return local && !existsSync(workspace) ? undefined : engineOf(toolbox, workspace, stack);
  });
  const state = examination.check({
    name: "state",
    needs: engine,
    advice: "see where the state is (backend.url in Pulumi.yaml, PULUMI_BACKEND_URL) and whether you may read it",
    run: async (started) => {
      const create = local ? "ds up" : `ds bootstrap ${stack}`;
      if (started === undefined) throw new UserError(`nothing was started here yet`, create);
      const { findings, value: store } = await examineState(started, stack, create);
      return { findings, value: { engine: started, store } };
    },
  });
  void examination.check({
    name: "lock",
    needs: state,
    advice: `wait until that run ends; when it is certain that it was killed: ds unlock ${stack}`,
    run: ({ store }) => examineLock(store, stack),
  });
  const secrets = examination.check({
    name: "secrets",
    needs: state,
    advice: "PULUMI_CONFIG_PASSPHRASE must be that of the stack file; the committed files' is placeholder",
    run: (opened, signal) => examineSecrets(opened.engine, stack, signal),
  });
  void examination.check({
    name: "placeholders",
    needs: Promise.all([secrets, configured]),
    advice: "docs/configuration.md lists the secrets",
    run: async ([values, needed]) => examinePlaceholders(values, needed.placeholders, { stack, refused: !local }),
  });
}
