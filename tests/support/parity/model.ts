import { entranceFacts } from "./entrances";
import { type Facts, type FactTree, flatten, list, named } from "./facts";
import { autoscalerFacts, budgetFacts, podMonitorFacts, serviceFacts, serviceMonitorFacts } from "./others";
import { ownName, podFacts } from "./pods";
import { type AnyObject, anyObject } from "./shapes";
import { componentOf, type Surroundings, surroundingsOf, templateOf } from "./surroundings";
import { cronJobFacts, deploymentFacts, jobFacts } from "./workloads";

/** The groups of facts, and the kinds of objects each is read from. */
const groups: Readonly<Record<string, Readonly<Record<string, Reader>>>> = {
  deployments: { Deployment: deploymentFacts },
  scheduledJobs: { CronJob: cronJobFacts },
  jobs: { Job: jobFacts },
  pods: { Deployment: podsOf, CronJob: podsOf, Job: podsOf },
  services: { Service: serviceFacts },
  autoscaling: { HorizontalPodAutoscaler: autoscalerFacts },
  budgets: { PodDisruptionBudget: budgetFacts },
  monitors: { ServiceMonitor: serviceMonitorFacts, PodMonitor: podMonitorFacts },
};

type Reader = (object: AnyObject, around: Surroundings) => FactTree;

/** Kinds of which only one of the two systems has any: that they are there is all that can be compared. */
const unmatchedKinds = ["ConfigMap", "InfisicalSecret", "NetworkPolicy", "PrometheusRule", "Secret"] as const;

/** Kinds that are compared by what other objects say of them, or by facts of their own. */
const matchedKinds = ["Ingress", "ServiceAccount", ...Object.values(groups).flatMap((kinds) => Object.keys(kinds))];

/**
 * What is true of a system by its objects, in words that do not depend on who made them.
 *
 * Throws for an object of a kind, or with a field, that the comparison does not know: it must be taught it.
 */
export function factsOf(given: readonly unknown[]): Facts {
  const objects = given.map((object) => anyObject.parse(object));
  const around = surroundingsOf(objects);
  const unknown = objects.find(({ kind }) => ![...unmatchedKinds, ...matchedKinds].includes(kind));
  if (unknown) {
    throw new Error(`${unknown.kind} ${unknown.metadata.name} is of a kind that is not compared: add it to model.ts`);
  }
  const read = Object.entries(groups).map(([group, kinds]) => [
    group,
    named(
      objects.flatMap((object): [string, FactTree][] => {
        const reader = kinds[object.kind];
        return reader ? [[componentOf(object), reader(object, around)]] : [];
      }),
    ),
  ]);
  return flatten({
    ...Object.fromEntries(read),
    entrances: entranceFacts(objects, around),
    serviceAccounts: serviceAccountFacts(objects),
    kinds: Object.fromEntries(
      unmatchedKinds.flatMap((kind) => (objects.some((object) => object.kind === kind) ? [[kind, true]] : [])),
    ),
  });
}

function podsOf(object: AnyObject, around: Surroundings): FactTree {
  const template = templateOf(object);
  return template ? podFacts(componentOf(object), template, around) : {};
}

function serviceAccountFacts(objects: readonly AnyObject[]): FactTree {
  const accounts = objects.filter(({ kind }) => kind === "ServiceAccount");
  return {
    own: accounts.length,
    annotations: list(accounts.flatMap(({ metadata }) => Object.keys(metadata.annotations).map(ownName))) || undefined,
    apiToken: list(accounts.map((account) => account.automountServiceAccountToken !== false)) || undefined,
  };
}
