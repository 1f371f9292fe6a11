import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { helmPrefix, type Scope } from "../catalog/names";
import { type SecretKey, secretKeys, secretNamed } from "../catalog/secrets";
import { teamProfile } from "../cluster/awsErrors";
import type { ClusterArgs } from "../cluster/cluster";
import type { DatasetsServerArgs } from "../components/buildObjects";
import type { SecretValues } from "../components/foundation/secrets";
import { type MongoDbConfig, mongoDbUrl } from "../components/workloads/mongodb";
import { parquetMetadataPath } from "../components/workloads/volumes";
import { keptRelease, permittedRelease, specifiesCutover } from "./adoption";
import { environmentOf } from "./environment";
import { type Digests, givenDigests } from "./images";
import { allowedDeletions, protectsObjects } from "./protection";
import type { Parameters } from "./pullRequest";
import type { EncryptedKey, StackFile } from "./schema";
import type { StackIdentity } from "./stacks";
import { groupVariables } from "./variables";

/** All that a stack says, checked. */
export interface Config {
  readonly cluster: ClusterArgs;
  /** Whether this run may adopt the live objects of the Helm release whose names the stack keeps. */
  readonly adopt: boolean;
  /** Whether the stack file specifies how the stack and a live Helm release in its namespace get along. */
  readonly specifiesCutover: boolean;
  /** What this run may delete or replace. Default: anything, as on stacks that are not production. */
  readonly allowedDeletions?: readonly string[];
  /** The digests of images that this run was told, in the place of those that the stack's last update recorded. */
  readonly digests: Digests;
  /** What the stack's outputs say of the pull request that it is for. Default: it is for none. */
  readonly pullRequest?: Parameters;
  readonly datasetsServer: DatasetsServerArgs;
}

/** A stack, and what its file says. */
interface ParsedFile {
  readonly identity: StackIdentity;
  readonly file: StackFile;
}

/** Gives the value of a secret's key to the objects. */
export type SecretOutput = (key: EncryptedKey) => pulumi.Output<string>;

/** The key of the stack file that each of a stack's secrets is read from. */
export function secretSources(
  { kind }: StackIdentity,
  file: StackFile,
): Readonly<Partial<Record<SecretKey, EncryptedKey>>> {
  if (kind === "pr-N") {
    // A pull request's code is not reviewed yet: it gets a token of its own, and nothing of staging's.
    return { hfToken: "pullRequestHfToken" };
  }
  const isNeeded = (key: SecretKey): boolean => {
    switch (secretNamed(key).needed) {
      case "always":
        return true;
      case "without a MongoDB of its own":
        return !ownMongoDb({ kind }, file);
      case "without an IAM role for S3":
        return file.env.S3_USE_IRSA !== "true";
      case "where set":
        return file[key] !== undefined;
    }
  };
  return Object.fromEntries(secretKeys.filter(isNeeded).map((key) => [key, key]));
}

/** The keys of the stack file that hold the secrets a stack needs. */
export function neededSecrets(identity: StackIdentity, file: StackFile): EncryptedKey[] {
  return [...Object.values(secretSources(identity, file)), "checksumKey"];
}

/** The MongoDB of a stack's own; undefined where it uses an external one. */
export function ownMongoDb({ kind }: Pick<StackIdentity, "kind">, { mongodb }: StackFile): MongoDbConfig | undefined {
  if (!mongodb?.stacks.includes(kind)) {
    return undefined;
  }
  const { stacks: _, ...config } = mongodb;
  return config;
}

/** The arguments of the program's components, from a stack file without issues. */
export function buildConfig(
  { identity, file }: ParsedFile,
  variables: NodeJS.ProcessEnv,
  secret: SecretOutput,
): Config {
  const scope = scopeOf(identity, file);
  const environment = environmentOf(identity, file, variables);
  const { public: endpoint, internal } = file.ingress;
  const endpoints = environment?.parts.endpoints ?? { public: endpoint, ...(internal && { internal }) };
  const mongodb = ownMongoDb(identity, file);
  const { network, serviceAccount } = file;
  const { mode, ...migration } = file.migration;
  // A pull request has a database of its own, whatever the stack does whose file it uses.
  const standby = !environment && file.standby === true;
  return {
    cluster: clusterArgs(file.cluster, variables),
    adopt: permittedRelease(variables) !== undefined,
    digests: givenDigests(variables),
    specifiesCutover: specifiesCutover(identity, file),
    ...(protectsObjects(identity) && { allowedDeletions: allowedDeletions(variables) }),
    ...(environment && { pullRequest: environment.parameters }),
    datasetsServer: {
      scope,
      namespace: { create: file.namespace.create, keep: file.cluster.name !== "local" },
      images: file.images,
      endpoints,
      nodePools: file.nodePools,
      variables: groupVariables(environment?.env ?? file.env, {
        host: endpoints.public.host,
        parquetMetadata: parquetMetadataPath,
      }),
      secrets: secretValues({ identity, file }, scope, secret),
      secretDelivery: file.secretDelivery,
      checksumKey: secret("checksumKey"),
      ...(serviceAccount.roleArn && { roleArn: serviceAccount.roleArn }),
      network: {
        loadBalancerCidrs: network.loadBalancerCidrs,
        prometheusNamespace: network.prometheusNamespace,
        egress: network.egress,
        internalCidrs: network.internalCidrs,
        podIdentity: network.podIdentity,
        ...(network.mongo && !mongodb && { mongo: network.mongo }),
      },
      parquetMetadata: file.parquetMetadata,
      monitoring: file.monitoring,
      // Nobody is woken for a pull request.
      ...(file.monitoring && !environment && { alerts: alertsOf(identity, file) }),
      ...(mongodb && { mongodb }),
      ...(mode === "run" && !standby && { migration }),
      services: file.services,
      workers: file.workers,
      jobs: file.jobs,
      suspendJobs: standby,
      ...environment?.parts,
    },
  };
}

/** Environments of pull requests are counted by the stack whose file configures them. */
function alertsOf({ kind }: StackIdentity, { pullRequest }: StackFile): NonNullable<DatasetsServerArgs["alerts"]> {
  return kind === "ephemeral" && pullRequest
    ? { environments: { prefix: "datasets-server-pr-", most: pullRequest.maxOpen } }
    : {};
}

/** Whose objects a stack's are, and what they are called. */
export function scopeOf(identity: StackIdentity, file: StackFile): Scope {
  const { stack, namespace, release } = identity;
  const helmRelease = keptRelease(identity, file);
  return helmRelease === undefined
    ? { stack, namespace, release }
    : { stack, namespace, release: helmPrefix(helmRelease), helmRelease };
}

function secretValues({ identity, file }: ParsedFile, scope: Scope, secret: SecretOutput): SecretValues {
  const read = Object.entries(secretSources(identity, file)).map(([key, source]) => [key, secret(source)]);
  return {
    ...Object.fromEntries(read),
    ...(ownMongoDb(identity, file) && { mongoUrl: pulumi.secret(mongoDbUrl(scope)) }),
  };
}

function clusterArgs(
  { name, region = "", account = "", profile, role }: StackFile["cluster"],
  variables: NodeJS.ProcessEnv,
): ClusterArgs {
  if (name === "local") {
    const kubeconfigPath = variables.DATASETS_SERVER_LOCAL_KUBECONFIG ?? path.resolve(".local/kubeconfig");
    return { kind: "local", kubeconfigPath, context: "datasets-server-local" };
  }
  const context = `${name}-with-${teamProfile}`;
  return {
    kind: "eks",
    name,
    region,
    account,
    context,
    ...(profile && { profile }),
    ...(role && { role }),
  };
}
