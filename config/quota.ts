import type { Resources } from "../catalog/quantity";
import { parseQuantity } from "../catalog/quantity";
import type { Surge } from "../catalog/rollouts";
import { serviceNames, services as serviceRows } from "../catalog/services";
import { workerSurge } from "../catalog/workers";
import { addedPods } from "../components/workloads/rollout";
import { environmentOf, parquetMetadataSize } from "./environment";
import { type ConfigIssue, configKey } from "./issues";
import type { StackFile } from "./schema";
import type { StackIdentity } from "./stacks";

/** Pods of one sort, and how many of them there may be at once. */
interface Pods {
  /** The key of the stack file that sizes them. */
  readonly key: string;
  readonly count: number;
  readonly resources: Resources;
}

/** A bound of the quota: where the stack file has it, and how much of it something takes. */
interface Bound {
  readonly at: readonly string[];
  readonly value: string | number;
  readonly takes: readonly { readonly key: string; readonly amount: number }[];
  readonly text: (amount: number) => string;
}

/**
 * The bounds of a pull request's quota that its own pods and volumes go beyond: a rollout would wait for room forever.
 *
 * Rule quotas-hold-rollouts looks at the same in the objects, but it knows neither volumes nor the keys that take the most.
 */
export function quotaIssues(identity: StackIdentity, file: StackFile, variables: NodeJS.ProcessEnv): ConfigIssue[] {
  return boundsOf(identity, file, variables).flatMap(({ at, value, takes, text }) => {
    const needed = takes.reduce((sum, { amount }) => sum + amount, 0);
    const key = configKey(["pullRequest", "quota", ...at]);
    const shares = [...new Set(takes.map(({ key }) => key))].map((share) => {
      const amounts = takes.filter(({ key }) => key === share).map(({ amount }) => amount);
      return `${share} ${text(amounts.reduce((sum, amount) => sum + amount, 0))}`;
    });
    const message =
      `${JSON.stringify(value)} is not allowed; allowed: at least ${text(needed)}, what an environment takes while every ` +
      `Deployment rolls: ${shares.join(", ")}`;
    // A sum of many fractions may miss a whole number by less than anybody means.
    return needed <= (parseQuantity(String(value)) ?? 0) + 1e-6 ? [] : [{ key, message }];
  });
}

function boundsOf(identity: StackIdentity, file: StackFile, variables: NodeJS.ProcessEnv): Bound[] {
  const { pullRequest, mongodb } = file;
  if (identity.kind !== "pr-N" || !pullRequest || !mongodb) {
    return [];
  }
  const { pods, resources, storage } = pullRequest.quota;
  const all = podsOf(identity, file, variables);
  const takes = (amount: (resources: Resources) => string) =>
    all.map(({ key, count, resources }) => ({ key, amount: count * (parseQuantity(amount(resources)) ?? 0) }));
  const volumes = [
    { key: "parquetMetadata", amount: parseQuantity(parquetMetadataSize) ?? 0 },
    { key: "mongodb", amount: parseQuantity(mongodb.storage) ?? 0 },
  ];
  return [
    { at: ["pods"], value: pods, takes: all.map(({ key, count }) => ({ key, amount: count })), text: String },
    ...(["requests", "limits"] as const).flatMap((list) => [
      { at: ["resources", list, "cpu"], value: resources[list].cpu, takes: takes((of) => of[list].cpu), text: cores },
      {
        at: ["resources", list, "memory"],
        value: resources[list].memory,
        takes: takes((of) => of[list].memory),
        text: mebibytes,
      },
    ]),
    { at: ["storage"], value: storage, takes: volumes, text: mebibytes },
  ];
}

/** Every pod that an environment may have at once, those that a rollout adds among them. */
function podsOf(identity: StackIdentity, file: StackFile, variables: NodeJS.ProcessEnv): Pods[] {
  const { services = file.services, workers = {} } = environmentOf(identity, file, variables)?.parts ?? {};
  const { migration, mongodb, standby = false } = file;
  const deployed = (key: string, replicas: number, surge: Surge, resources: Resources) => ({
    key,
    count: replicas + addedPods(surge, replicas),
    resources,
  });
  return [
    ...serviceNames.map((name) =>
      deployed("services", services[name].replicas, serviceRows[name].surge, services[name].resources),
    ),
    ...Object.values(workers).map(({ replicas = 1, resources }) =>
      deployed("workers", replicas, workerSurge, resources),
    ),
    ...(migration.mode === "run" && !standby ? [{ key: "migration", count: 1, resources: migration.resources }] : []),
    // Its server, and the Job that makes it a replica set.
    ...(mongodb ? [{ key: "mongodb", count: 2, resources: mongodb.resources }] : []),
  ];
}

function cores(amount: number): string {
  return String(Number(amount.toFixed(3)));
}

function mebibytes(amount: number): string {
  return `${Math.ceil(amount / 2 ** 20)}Mi`;
}
