import * as pulumi from "@pulumi/pulumi";
import { buildConfig, type Config, hasOwnMongoDb, neededSecrets } from "./build";
import { entranceFaults } from "./entrances";
import { configKey, type Fault, refuse, schemaFaults } from "./faults";
import { allowedLossFaults } from "./losses";
import { nameFaults } from "./names";
import { parameterFaults, readParameters } from "./pullRequest";
import { quotaFaults } from "./quota";
import { placeholders, type StackFile, stackFileSchema } from "./schema";
import { identifyStack, type StackIdentity, stackKinds } from "./stacks";
import { takeOverFaults } from "./takeOver";

/** Keys that are not this program's own but the engine's and the provider's, set in Pulumi.yaml. */
const foreignKeys: readonly string[] = ["kubernetes:strictMode", "pulumi:disable-default-providers"];

/** A stack and the file that configures it, which has no faults. */
export interface Stack {
  readonly identity: StackIdentity;
  readonly file: StackFile;
}

/**
 * Reads the stack's configuration; the only place that does.
 *
 * Throws a Refusal that names every fault: the key, its value and what is allowed.
 */
export function loadConfig(): Config {
  const { identity, file } = loadStack();
  return buildConfig(identity, file);
}

/** The same as the stack file has it. */
export function loadStack(): Stack {
  const stack = pulumi.getStack();
  const identity = identifyStack(stack);
  if (identity === undefined) {
    return refuse(stack, [{ key: "stack", problem: `there is no stack ${stack}; allowed: ${stackKinds.join(", ")}` }]);
  }
  const { values, hidden, faults } = readStackFile();
  // A run reads one file: compiling the schema would take longer than it saves.
  const parsed = stackFileSchema.safeParse(values, { jitless: true });
  if (!parsed.success) {
    const issues = parsed.error.issues.filter(({ path: [key] }) => !hidden.includes(String(key)));
    return refuse(stack, [...faults, ...schemaFaults(issues, values, isSecretKey)]);
  }
  const file = parsed.data;
  if (hidden.length > 0) {
    return refuse(stack, faults);
  }
  const checks = [
    pairingFaults,
    databaseFaults,
    claimFaults,
    entranceFaults,
    nameFaults,
    pullRequestFaults,
    quotaFaults,
    secondProductionFaults,
    takeOverFaults,
    allowedLossFaults,
    secretFaults,
  ];
  faults.push(...checks.flatMap((check) => check(identity, file)));
  return faults.length > 0 ? refuse(stack, faults) : { identity, file };
}

interface StackFileValues {
  readonly values: Readonly<Record<string, unknown>>;
  /** Keys that are encrypted, if only in part, and no secrets: nothing may be said that could repeat their value. */
  readonly hidden: readonly string[];
  readonly faults: Fault[];
}

/** The stack file's values by key; a map or list arrives as JSON text. */
function readStackFile(): StackFileValues {
  const list: unknown = JSON.parse(process.env.PULUMI_CONFIG_SECRET_KEYS || "[]");
  const encrypted = Array.isArray(list) ? list.map((key) => String(key).replace(/^datasets-server:/, "")) : [];
  const hidden: string[] = [];
  const faults: Fault[] = [];
  const values = Object.entries(pulumi.runtime.allConfig()).flatMap(([key, text]): [string, unknown][] => {
    const [namespace, name = ""] = key.split(/:(.*)/s);
    if (namespace !== "datasets-server") {
      if (!foreignKeys.includes(key)) {
        faults.push({ key, problem: "is not read by this program; its keys start with datasets-server:" });
      }
      return [];
    }
    if (isSecretKey(name) && !encrypted.includes(name)) {
      faults.push({ key, problem: `must be encrypted; ${howToSet(name)}` });
    }
    if (!isSecretKey(name) && encrypted.includes(name) && Object.hasOwn(stackFileSchema.shape, name)) {
      hidden.push(name);
      faults.push({ key, problem: "is encrypted, and objects show it in the clear; write it without --secret" });
    }
    return [[name, isSecretKey(name) ? text : parseJson(text)]];
  });
  return { values: Object.fromEntries(values), hidden, faults };
}

function isSecretKey(name: string): boolean {
  return Object.hasOwn(placeholders, name);
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

/** In a namespace that the stack makes, no claim is there before: the first pods would wait for it for ever. */
function claimFaults({ kind }: StackIdentity, { namespace, parquetMetadata }: StackFile): Fault[] {
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
function databaseFaults(identity: StackIdentity, file: StackFile): Fault[] {
  const { kind, stack } = identity;
  if (hasOwnMongoDb(identity, file) || (kind !== "pr-N" && file.network.mongo)) {
    return [];
  }
  return kind === "pr-N"
    ? [{ key: configKey(["mongodb", "stacks"]), problem: "must name pr-N: pull requests have no other database" }]
    : [
        missing(
          ["network", "mongo"],
          `where the external MongoDB is, as stack ${stack} has none of its own by mongodb.stacks`,
        ),
      ];
}

/** A pull request has a host, load balancers and files of its own, and not those of the stack whose file it uses. */
function pullRequestFaults({ kind }: StackIdentity, { pullRequest, ingress }: StackFile): Fault[] {
  if (kind !== "pr-N") {
    return [];
  }
  const faults = parameterFaults(readParameters());
  if (!pullRequest) {
    return [missing(["pullRequest"], "the domain, load balancers and sizes of pull requests"), ...faults];
  }
  const { domain, loadBalancers } = pullRequest;
  const { host } = ingress.public;
  const entrances = [ingress.public, ...(ingress.internal ? [ingress.internal] : [])];
  const taken = entrances.flatMap(({ loadBalancer: { name, group } }) => [name, group]);
  const isOwn = host === domain || host.endsWith(`.${domain}`);
  return [
    ...faults,
    ...(isOwn
      ? []
      : [
          {
            key: configKey(["pullRequest", "domain"]),
            problem: `"${domain}" is not allowed; allowed: the end of ingress.public.host, ${host}, whose certificate and DNS serve it`,
          },
        ]),
    ...loadBalancers
      .filter((name) => taken.includes(name))
      .map((name) => ({
        key: configKey(["pullRequest", "loadBalancers"]),
        problem: `"${name}" is not allowed; allowed: any but the names and groups of the entrances, ${taken.join(", ")}`,
      })),
  ];
}

/** Next to the first production, a second one may neither take its load balancers nor do twice what must happen once. */
function secondProductionFaults({ kind, stack }: StackIdentity, { standby, ingress }: StackFile): Fault[] {
  if (kind !== "prod-CLUSTER") {
    return [];
  }
  const undecided = standby === undefined ? [missing(["standby"], "true until this stack takes over, then false")] : [];
  const taken = Object.entries(ingress)
    .filter(([, { loadBalancer }]) => !loadBalancer.name.includes(stack))
    .map(([entrance, { loadBalancer }]) => ({
      key: configKey(["ingress", entrance, "loadBalancer", "name"]),
      problem: `"${loadBalancer.name}" is not allowed; allowed: a name with ${stack} in it, as an account has each name once`,
    }));
  return [...undecided, ...taken];
}

function missing(path: readonly string[], needed: string): Fault {
  return { key: configKey(path), problem: `is missing; needed: ${needed}` };
}

/**
 * The faults of the secrets that a stack reads. On EKS a preview with a placeholder warns and an update is refused; the
 * local cluster needs no real secret.
 */
function secretFaults(identity: StackIdentity, file: StackFile): Fault[] {
  const sources = neededSecrets(identity, file);
  const absent = sources
    .filter((key) => file[key] === undefined)
    .map((key) => ({ key: configKey([key]), problem: `is missing; ${howToSet(key)}` }));
  const unset = sources
    .filter((key) => file.cluster.name !== "local" && file[key] === placeholders[key])
    .map((key) => ({ key: configKey([key]), problem: `still has the value it was committed with; ${howToSet(key)}` }));
  if (!pulumi.runtime.isDryRun()) {
    return [...absent, ...unset];
  }
  for (const { key, problem } of unset) {
    void pulumi.log.warn(`${key}: ${problem}. An update would be refused.`);
  }
  return absent;
}

function howToSet(key: string): string {
  return `set it with: ds pulumi ${pulumi.getStack()} -- config set --secret ${configKey([key])}`;
}
