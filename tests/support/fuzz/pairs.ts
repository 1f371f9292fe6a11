import fc from "fast-check";
import type { KubernetesObject } from "../../../cli/lib/objects";
import { type Base, bases } from "./bases";
import { type Change, changesText, mutated, mutations, type Place } from "./mutations";
import { outcomeOf } from "./outcome";

/** A stack file of local that the program accepts and that pods of the local cluster can run. */
export interface Deployable {
  /** The stack file's keys that it may set, less their common prefix. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly objects: readonly KubernetesObject[];
  /** What differs from the stack file of this checkout, as people read it. */
  readonly text: string;
}

/** The keys that a pair may differ in: the others are about other clusters and stacks, or encrypted. */
export const variedKeys = [
  ...["env", "images", "ingress", "jobs", "migration", "mongodb", "network", "secretDelivery", "serviceAccount"],
  ...["services", "standby", "workers"],
] as const;

/** Fields whose values no simulated node, image or volume could have. */
const fixedFields: readonly string[] = [
  "registry",
  "resources",
  "scratch",
  "nodePool",
  "stacks",
  "storageClass",
  "image",
];

/** The most pods of one workload, so that a pair takes seconds. */
const mostPods = 5;

/**
 * Returns so many stack files of local that follow from a seed. Half of them are what any fuzzing makes; the others change what
 * pods, volumes and load balancers depend on, which by chance alone few do.
 */
export async function deployables({ count, seed }: { count: number; seed: number }): Promise<Deployable[]> {
  const local = bases.find(({ stack }) => stack === "local");
  if (local === undefined) throw new Error("there is no stack file of local to begin with");
  const found: Deployable[] = [];
  for (let round = 0; found.length < count; round += 1) {
    const changes = fc.oneof(
      mutations([local]).map(({ changes }) => changes),
      fc.array(turn(local), { minLength: 1, maxLength: 3 }).map((turns) => turns.flat()),
    );
    for (const some of fc.sample(changes, { numRuns: count, seed: seed + round })) {
      const deployable = found.length < count ? await tried(local, some) : undefined;
      if (deployable) found.push(deployable);
    }
  }
  return found;
}

async function tried(base: Base, changes: readonly Change[]): Promise<Deployable | undefined> {
  if (!changes.every(({ at }) => isVaried(at))) return undefined;
  const values = mutated({ base, changes });
  const config = Object.fromEntries(variedKeys.map((key) => [key, fewPods(values.config[key])]));
  if (hasExponent(config)) return undefined;
  const outcome = await outcomeOf(base, { ...values, config: { ...values.config, ...defined(config) } });
  return outcome.kind === "accepted" ? { config, objects: outcome.objects, text: changesText(changes) } : undefined;
}

function isVaried([root, ...inner]: Place): boolean {
  const isKnown = variedKeys.some((key) => key === inner[0]);
  return root === "config" && isKnown && !inner.some((key) => fixedFields.includes(key));
}

/** Whether a number in it is written as 1e-7, which the one reading of a stack file refuses. */
function hasExponent(value: unknown): boolean {
  if (typeof value === "number") return /e/.test(String(value));
  return typeof value === "object" && value !== null && Object.values(value).some(hasExponent);
}

function defined(config: Readonly<Record<string, unknown>>) {
  return Object.fromEntries(Object.entries(config).filter(([, value]) => value !== undefined));
}

/** Returns a value with no more pods than the most. */
function fewPods(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      /^(replicas|minReplicas|maxReplicas)$/.test(key) && typeof inner === "number"
        ? Math.min(inner, mostPods)
        : fewPods(inner),
    ]),
  );
}

/** A change of what traffic or data depends on. */
function turn({ config }: Base): fc.Arbitrary<readonly Change[]> {
  const services = fc.constantFrom(...Object.keys(Object(config.services)));
  const pools = fc.constantFrom(...Object.keys(Object(config.workers)));
  const jobs = fc.constantFrom(...Object.keys(Object(config.jobs)));
  const pods = fc.integer({ min: 1, max: mostPods });
  const at = (...path: readonly string[]) => ["config", ...path];
  return fc.oneof(
    fc
      .tuple(pools, pods)
      .map(([pool, replicas]) => [
        { at: at("workers", pool, "autoscaling") },
        { at: at("workers", pool, "replicas"), to: replicas },
      ]),
    fc.tuple(pools, pods).map(([pool, minReplicas]) => [
      { at: at("workers", pool, "replicas") },
      {
        at: at("workers", pool, "autoscaling"),
        to: { minReplicas, maxReplicas: mostPods, jobsPerPod: { light: 10 } },
      },
    ]),
    fc
      .tuple(services, fc.integer({ min: 0, max: mostPods }))
      .map(([service, to]) => [{ at: at("services", service, "replicas"), to }]),
    fc.tuple(services, fc.boolean()).map(([service, to]) => [{ at: at("services", service, "public"), to }]),
    services.map((service) => [{ at: at("services", service) }]),
    pools.map((pool) => [{ at: at("workers", pool) }]),
    jobs.map((job) => [{ at: at("jobs", job) }]),
    fc.boolean().map((to) => [{ at: at("standby"), to }]),
    fc.constantFrom("8Gi", "16Gi", "32Gi").map((to) => [{ at: at("mongodb", "storage"), to }]),
    fc
      .constantFrom("internal", "internet-facing")
      .map((to) => [{ at: at("ingress", "public", "loadBalancer", "scheme"), to }]),
    fc.constantFrom("a.localhost", "b.localhost").map((to) => [{ at: at("ingress", "public", "host"), to }]),
    fc.constantFrom("10.0.0.0/8", "10.1.0.0/16").map((to) => [{ at: at("network", "loadBalancerCidrs"), to: [to] }]),
    fc.constantFrom("sha-0123abc", "sha-4567def").map((to) => [{ at: at("images", "tag"), to }]),
  );
}
