import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import type { ClusterArgs } from "../components/cluster";
import type { DatasetsServerArgs } from "../components/datasetsServer";
import { type SecretKey, secretKeys } from "../components/secrets";
import { configKey, type Fault, refuse, schemaFaults } from "./faults";
import { placeholders, type StackFile, stackFileSchema } from "./schema";
import { environmentVariables } from "./settings";
import { identifyStack, type StackIdentity, stackKinds } from "./stacks";

/** All that a stack says, checked. */
export interface Config {
  readonly cluster: ClusterArgs;
  /** True where objects are only rendered, and no cluster is asked for anything. */
  readonly offline: boolean;
  readonly datasetsServer: Omit<DatasetsServerArgs, "beforeCreate">;
}

/** The namespaces of configuration keys that are not this program's own but the engine's and the provider's. */
const foreignKeys: readonly string[] = ["kubernetes:strictMode", "pulumi:disable-default-providers"];

/** The AWS profile that the team's people sign in with, and that their contexts are named after. */
const teamProfile = "tb";

/**
 * Reads the stack's configuration; the only place that does.
 *
 * Throws a Refusal that names every fault: the key, its value and what is allowed.
 */
export function loadConfig(): Config {
  const stack = pulumi.getStack();
  const identity = identifyStack(stack);
  if (identity === undefined) {
    return refuse(stack, [{ key: "stack", problem: `there is no stack ${stack}; allowed: ${stackKinds.join(", ")}` }]);
  }
  const { values, faults } = readStackFile();
  const parsed = stackFileSchema.safeParse(values);
  if (!parsed.success) {
    return refuse(stack, [...faults, ...schemaFaults(parsed.error, values, (key) => key in placeholders)]);
  }
  faults.push(...pairingFaults(identity, parsed.data), ...placeholderFaults(identity, parsed.data));
  return faults.length > 0 ? refuse(stack, faults) : buildConfig(identity, parsed.data);
}

/** The stack file's values by key; a map or list arrives as JSON text. */
function readStackFile(): { values: Record<string, unknown>; faults: Fault[] } {
  const encrypted: unknown = JSON.parse(process.env.PULUMI_CONFIG_SECRET_KEYS || "[]");
  const isEncrypted = (key: string) => Array.isArray(encrypted) && encrypted.includes(key);
  const values: Record<string, unknown> = {};
  const faults: Fault[] = [];
  for (const [key, text] of Object.entries(pulumi.runtime.allConfig())) {
    const [namespace, name = ""] = key.split(/:(.*)/s);
    if (namespace !== "datasets-server") {
      if (!foreignKeys.includes(key)) {
        faults.push({ key, problem: "is not read by this program; its keys start with datasets-server:" });
      }
    } else if (name in placeholders) {
      values[name] = text;
      if (!isEncrypted(key)) {
        faults.push({ key, problem: `must be encrypted; set it with: pulumi config set --secret ${key}` });
      }
    } else {
      values[name] = parseJson(text);
    }
  }
  return { values, faults };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** A stack file configures the stacks and the cluster it names; used for any other, it would reach the wrong cluster. */
function pairingFaults({ stack, kind, clusters }: StackIdentity, { stacks, cluster }: StackFile): Fault[] {
  const faults: Fault[] = [];
  if (!stacks.includes(kind)) {
    const problem = `the file in use is for ${stacks.join(", ")}, not for ${stack}; use that stack's own file`;
    faults.push({ key: configKey(["stacks"]), problem });
  }
  if (!clusters.includes(cluster.name)) {
    const problem = `${cluster.name} is not a cluster of stack ${stack}; allowed: ${clusters.join(", ")}`;
    faults.push({ key: configKey(["cluster", "name"]), problem });
  }
  return faults;
}

/** The config key that a secret of a stack is read from: pull requests have their own, and never staging's. */
function secretSource(kind: StackIdentity["kind"], key: SecretKey) {
  return ({ hfToken: kind === "pr-N" ? "pullRequestHfToken" : "hfToken" } as const)[key];
}

/** On EKS a preview with a placeholder warns and an update is refused; the local cluster needs no real secret. */
function placeholderFaults({ kind }: StackIdentity, file: StackFile): Fault[] {
  const used = [...secretKeys.map((key) => secretSource(kind, key)), "checksumKey" as const];
  const unset = used.filter((key) => file.cluster.name !== "local" && file[key] === placeholders[key]);
  const faults = unset.map((key) => ({
    key: configKey([key]),
    // Not the word "placeholder": that is itself one of these secrets, so the engine would mask it.
    problem: `still has the value it was committed with; set it with: pulumi config set --secret ${configKey([key])}`,
  }));
  if (!pulumi.runtime.isDryRun()) {
    return faults;
  }
  for (const { key, problem } of faults) {
    void pulumi.log.warn(`${key}: ${problem}. An update would be refused.`);
  }
  return [];
}

function buildConfig(identity: StackIdentity, file: StackFile): Config {
  const { stack, kind, release, namespace } = identity;
  const secretConfig = new pulumi.Config();
  const isPullRequest = kind === "pr-N";
  const host = isPullRequest && file.pullRequest ? `${release}.${file.pullRequest.domain}` : file.ingress.host;
  return {
    cluster: clusterArgs(file.cluster),
    offline: process.env.DATASETS_SERVER_OFFLINE === "true",
    datasetsServer: {
      scope: { stack, release, namespace },
      namespace: {
        create: isPullRequest || file.namespace.create,
        keep: !isPullRequest && file.cluster.name !== "local",
      },
      images: file.images,
      host,
      loadBalancer: file.ingress.loadBalancer,
      settings: environmentVariables(file.settings, host),
      secrets: { hfToken: secretConfig.requireSecret(secretSource(kind, "hfToken")) },
      checksumKey: secretConfig.requireSecret("checksumKey"),
      services: file.services,
    },
  };
}

function clusterArgs({ name, region = "", account = "", profile }: StackFile["cluster"]): ClusterArgs {
  if (name === "local") {
    const kubeconfigPath = process.env.DATASETS_SERVER_LOCAL_KUBECONFIG ?? path.resolve(".local/kubeconfig");
    return { kind: "local", kubeconfigPath, context: "datasets-server-local" };
  }
  const context = `${name}-with-${teamProfile}`;
  return { kind: "eks", name, region, account, context, teamProfile, ...(profile && { profile }) };
}
