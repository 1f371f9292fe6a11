import { jobNames } from "../catalog/jobs";
import { secretMarker } from "../catalog/secrets";
import { workerComponent } from "../catalog/workers";
import { deployedServices } from "../components/buildObjects";
import { migrationComponent } from "../components/workloads/migration";
import { adoptionIssues } from "./adoption";
import { buildConfig, type Config, neededSecrets, ownMongoDb, type SecretOutput } from "./build";
import { capacityIssues } from "./capacity";
import { endpointIssues } from "./endpoints";
import { fileWorkloads } from "./fileWorkloads";
import { digestIssues } from "./images";
import { type ConfigIssue, configKey, foreignKey, missing, schemaIssues, suggest, unexpected } from "./issues";
import { allowedEffectIssues } from "./protection";
import { parameterIssues, readParameters } from "./pullRequest";
import { quotaIssues } from "./quota";
import { type EncryptedKey, isEncryptedKey, placeholders, type StackFile, stackFileSchema } from "./schema";
import { secretFormIssues, setSecret } from "./secretForms";
import { identifyStack, type StackIdentity, stackKinds } from "./stacks";
import { unreadVariableIssues } from "./variables";

/** Keys that are not this program's own but Pulumi's and the provider's, set in Pulumi.yaml. */
export const foreignKeys: readonly string[] = ["kubernetes:strictMode", "pulumi:disable-default-providers"];

/** A stack's configuration as Pulumi hands it to a program, or as a stack file holds it. */
export interface ConfigValues {
  /** The text of each key that is not encrypted; a map or list is JSON. */
  readonly texts: Readonly<Record<string, string>>;
  /** The keys that are encrypted, if only in part. */
  readonly encrypted: readonly string[];
  /** What is wrong with the stack file's own text. */
  readonly issues: readonly ConfigIssue[];
  /** Where each key is in the stack file, as file:line:column. Default: the file is not known. */
  readonly places?: ReadonlyMap<string, string>;
}

/** What a configuration is read with, beside its values. */
export interface Surroundings {
  /** Environment variables. */
  readonly variables: NodeJS.ProcessEnv;
  /** Gives a secret to the objects. */
  readonly secret: SecretOutput;
  /** Gives a secret's text, only to be checked; undefined where nothing decrypts it, as for a command. */
  readonly plainSecret: (key: EncryptedKey) => string | undefined;
}

/** A stack and the file that configures it, which has no issues. */
export interface Stack {
  readonly identity: StackIdentity;
  readonly file: StackFile;
  /** The arguments of the program's components. */
  readonly config: Config;
}

/** A stack, or all that is wrong with its configuration. */
export type Parsed = {
  /** What an update refuses too, and a preview only warns of. */
  readonly warnings: readonly ConfigIssue[];
} & ({ readonly ok: true; readonly stack: Stack } | { readonly ok: false; readonly issues: readonly ConfigIssue[] });

/**
 * Reads the configuration of the stack of this name: the arguments of the program's components, or every issue.
 *
 * It depends on nothing but what it is given, and changes nothing. No issue repeats a secret.
 */
export function parse(name: string, values: ConfigValues, surroundings: Surroundings): Parsed {
  const refused = (issues: readonly ConfigIssue[], warnings: readonly ConfigIssue[] = []): Parsed => ({
    ok: false,
    issues: located(issues, values.places),
    warnings,
  });
  const identity = identifyStack(name);
  if (identity === undefined) {
    return refused([{ key: "stack", message: `there is no stack ${name}; expected one of ${stackKinds.join(", ")}` }]);
  }
  const { texts, encrypted, issues } = values;
  const keys = [...Object.keys(texts), ...encrypted].filter((key) => !foreignKeys.includes(key));
  if (issues.length > 0 && keys.length === 0) {
    // Nothing could be read, and to say that every key is missing would say nothing.
    return refused(issues);
  }
  const own = ownValues(name, values, surroundings);
  // A run reads one file: compiling the schema would take longer than it saves.
  const parsed = stackFileSchema.safeParse(own.values, { jitless: true });
  if (!parsed.success) {
    const found = parsed.error.issues.filter(({ path: [key] }) => !own.hidden.includes(String(key)));
    return refused(together(issues, [...own.issues, ...schemaIssues(found, own.values, isEncryptedKey)]));
  }
  const { data: file } = parsed;
  if (own.hidden.length > 0) {
    return refused(together(issues, own.issues));
  }
  const { variables, secret } = surroundings;
  const found = checks.flatMap((check) => check(identity, file, variables));
  const first = together(issues, [...own.issues, ...found]);
  const all = first.length > 0 ? first : capacityIssues(file);
  const warnings = placeholderIssues(identity, file);
  return all.length > 0
    ? refused(all, warnings)
    : { ok: true, stack: { identity, file, config: buildConfig({ identity, file }, variables, secret) }, warnings };
}

/** Adds to each issue where its key is, or the closest one around it that is there. */
function located(issues: readonly ConfigIssue[], places: ConfigValues["places"]): ConfigIssue[] {
  return issues.map((issue) => {
    const at = issue.at ?? placeOf(issue.key, places);
    return at === undefined ? issue : { ...issue, at };
  });
}

/** Returns where a key is, or the closest one around it that is there, as file:line:column. */
export function placeOf(key: string, places: ConfigValues["places"]): string | undefined {
  const around = key.slice(0, Math.max(0, key.lastIndexOf(".")));
  return key === "" ? undefined : (places?.get(key) ?? placeOf(around, places));
}

/** The issues of a file's text, and those of its values, but not of a value whose text is in doubt. */
function together(ofText: readonly ConfigIssue[], ofValues: readonly ConfigIssue[]): ConfigIssue[] {
  const keys = ofText.map(({ key }) => key);
  return [...ofText, ...ofValues.filter(({ key }) => !keys.includes(key))];
}

type Check = (identity: StackIdentity, file: StackFile, variables: NodeJS.ProcessEnv) => readonly ConfigIssue[];

const checks: readonly Check[] = [
  pairingIssues,
  databaseIssues,
  claimIssues,
  endpointIssues,
  pullRequestIssues,
  quotaIssues,
  secondProductionIssues,
  adoptionIssues,
  allowedEffectIssues,
  digestIssues,
  nodePoolIssues,
  egressIssues,
  unreadVariableIssues,
  missingSecretIssues,
];

interface OwnValues {
  readonly values: Readonly<Record<string, unknown>>;
  /** Keys that are encrypted, if only in part, and no secrets: nothing may be said that could repeat their value. */
  readonly hidden: readonly string[];
  readonly issues: readonly ConfigIssue[];
}

/** The values of the program's own keys, less their common prefix. */
function ownValues(stack: string, { texts, encrypted }: ConfigValues, { plainSecret }: Surroundings): OwnValues {
  const hidden: string[] = [];
  const issues: ConfigIssue[] = [];
  const values = [...Object.keys(texts), ...encrypted].flatMap((key): [string, unknown][] => {
    const [namespace, name = ""] = key.split(/:(.*)/s);
    if (namespace !== "datasets-server") {
      if (!foreignKeys.includes(key)) {
        issues.push({
          key: foreignKey(key),
          message: "is not read by this program; its keys start with datasets-server:",
        });
      }
      return [];
    }
    const text = texts[key];
    if (isEncryptedKey(name)) {
      const plain = plainSecret(name);
      if (text !== undefined) {
        issues.push({ key, message: `must be encrypted; set it with: ${setSecret(stack, name)}` });
      } else if (plain !== undefined) {
        issues.push(...secretFormIssues(stack, name, plain));
      }
      return [[name, text ?? plain ?? secretMarker]];
    }
    if (text === undefined && Object.hasOwn(stackFileSchema.shape, name)) {
      hidden.push(name);
      issues.push({ key, message: "is encrypted, and objects show it in the clear; write it without --secret" });
    }
    return [[name, text === undefined ? secretMarker : parseJson(text)]];
  });
  return { values: Object.fromEntries(values), hidden, issues };
}

/** The value that a text of the configuration stands for: that of its JSON, or itself. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** A stack file configures the stacks and the cluster it names; used for any other, it would reach the wrong cluster. */
function pairingIssues({ stack, kind, clusters }: StackIdentity, { stacks, cluster }: StackFile): ConfigIssue[] {
  const issues: ConfigIssue[] = [];
  if (!stacks.includes(kind)) {
    const message = `the file in use is for ${stacks.join(", ")}, not for ${stack}; use that stack's own file`;
    issues.push({ key: configKey(["stacks"]), message });
  }
  if (!clusters.includes(cluster.name)) {
    const message = unexpected(cluster.name, `${clusters.join(" or ")}, where stack ${stack} is`);
    issues.push({ key: configKey(["cluster", "name"]), message });
  }
  return issues;
}

/** In a namespace that the stack makes, no claim is there before: the first pods would wait for it for ever. */
function claimIssues({ kind }: StackIdentity, { namespace, parquetMetadata }: StackFile): ConfigIssue[] {
  const isThere = kind === "pr-N" || !namespace.create || parquetMetadata.create !== undefined;
  return isThere
    ? []
    : [
        missing(
          ["parquetMetadata", "create"],
          "the class and size of the claim, as namespace.create makes an empty namespace",
        ),
      ];
}

/** A stack must have a database: its own, or an external one that it is let through to. */
function databaseIssues(identity: StackIdentity, file: StackFile): ConfigIssue[] {
  const { kind, stack } = identity;
  if (ownMongoDb(identity, file) || (kind !== "pr-N" && file.network.mongo)) {
    return [];
  }
  return kind === "pr-N"
    ? [{ key: configKey(["mongodb", "stacks"]), message: "must name pr-N: pull requests have no other database" }]
    : [
        missing(
          ["network", "mongo"],
          `where the external MongoDB is, as stack ${stack} has none of its own by mongodb.stacks`,
        ),
      ];
}

/** A pull request has a host, load balancers and files of its own, and not those of the stack whose file it uses. */
function pullRequestIssues(
  { kind, stack, number }: StackIdentity,
  { pullRequest, ingress }: StackFile,
  variables: NodeJS.ProcessEnv,
): ConfigIssue[] {
  if (kind !== "pr-N") {
    return [];
  }
  const parameters = readParameters(variables);
  const issues = parameterIssues(parameters);
  if (!pullRequest) {
    return [missing(["pullRequest"], "the domain, load balancers and sizes of pull requests"), ...issues];
  }
  const { domain, loadBalancers } = pullRequest;
  const { host } = ingress.public;
  const endpoints = [ingress.public, ...(ingress.internal ? [ingress.internal] : [])];
  const taken = endpoints.flatMap(({ loadBalancer: { name, group } }) => [name, group]);
  const { loadBalancer: place } = parameters;
  const isOwn = host === domain || host.endsWith(`.${domain}`);
  return [
    ...issues,
    ...(isOwn
      ? []
      : [
          {
            key: configKey(["pullRequest", "domain"]),
            message: unexpected(domain, `the end of ingress.public.host, ${host}, whose certificate and DNS serve it`),
          },
        ]),
    ...(place === undefined || loadBalancers.includes(place)
      ? []
      : [
          {
            key: configKey(["pullRequest", "loadBalancers"]),
            message:
              `lacks ${place}, where ${stack} is as long as it lives; put it back until its last environment is gone, or remove ` +
              `this one with its data, and have it come up elsewhere: ds pr down ${number}`,
          },
        ]),
    ...loadBalancers
      .filter((name) => taken.includes(name))
      .map((name) => ({
        key: configKey(["pullRequest", "loadBalancers"]),
        message: unexpected(name, `any but the names and groups at ingress, ${taken.join(", ")}`),
      })),
  ];
}

/** Next to the first production, a second one may neither take its load balancers nor do twice what must happen once. */
function secondProductionIssues({ kind, stack }: StackIdentity, { standby, ingress }: StackFile): ConfigIssue[] {
  if (kind !== "prod-CLUSTER") {
    return [];
  }
  const undecided = standby === undefined ? [missing(["standby"], "true until this stack takes over, then false")] : [];
  const taken = Object.entries(ingress)
    .filter(([, { loadBalancer }]) => !loadBalancer.name.includes(stack))
    .map(([endpoint, { loadBalancer }]) => ({
      key: configKey(["ingress", endpoint, "loadBalancer", "name"]),
      message: unexpected(loadBalancer.name, `a name with ${stack} in it, as an account has each name once`),
    }));
  return [...undecided, ...taken];
}

/** The pools of nodes that a workload is put on and the file does not have. */
function nodePoolIssues(_: StackIdentity, file: StackFile): ConfigIssue[] {
  const pools = Object.keys(file.nodePools);
  return fileWorkloads(file).flatMap(({ key, nodePool }) =>
    nodePool === undefined || pools.includes(nodePool)
      ? []
      : [{ key: configKey([...key, "nodePool"]), message: unexpectedWord(nodePool, pools, "nodePools") }],
  );
}

/** The workloads that a range is opened for and the stack does not have. */
function egressIssues(_: StackIdentity, { network, services, workers }: StackFile): ConfigIssue[] {
  const workloads = [
    ...deployedServices({ services }),
    ...Object.keys(workers).map(workerComponent),
    ...jobNames,
    migrationComponent,
  ];
  return network.egress.flatMap(({ from = [] }, index) =>
    from.flatMap((name, place) =>
      workloads.includes(name)
        ? []
        : [
            {
              key: configKey(["network", "egress", String(index), "from", String(place)]),
              message: unexpectedWord(name, workloads, "the stack's workloads"),
            },
          ],
    ),
  );
}

function unexpectedWord(word: string, words: readonly string[], of: string): string {
  const suggestion = suggest(word, words);
  return `${unexpected(word, `one of ${of}: ${words.join(", ")}`)}${suggestion && `; ${suggestion}`}`;
}

/** The secrets that a stack reads and its file does not have. */
function missingSecretIssues(identity: StackIdentity, file: StackFile): ConfigIssue[] {
  return neededSecrets(identity, file)
    .filter((key) => file[key] === undefined)
    .map((key) => ({ key: configKey([key]), message: `missing; set it with: ${setSecret(identity.stack, key)}` }));
}

/** The secrets that nobody has set yet. The local cluster needs no real one. */
function placeholderIssues(identity: StackIdentity, file: StackFile): ConfigIssue[] {
  return neededSecrets(identity, file)
    .filter((key) => file.cluster.name !== "local" && file[key] === placeholders[key])
    .map((key) => ({
      key: configKey([key]),
      message: `still has the value it was committed with; set it with: ${setSecret(identity.stack, key)}`,
    }));
}
