import { type StackFacts, takeInventory } from "../inventory";
import type { Level, NamedFinding, Rule } from "../rule";
import { credentialsAreSecrets } from "./credentials";
import { variablesAreDefinedOnce, variablesHaveValues } from "./environment";
import { type Exception, exceptionsAreUsed, exceptionsOf, excuses } from "./exceptions";
import { imagesAreFixed } from "./images";
import {
  groupOrdersDiffer,
  ingressActionsAreUsed,
  ingressBackendsExist,
  loadBalancerGroupsAgree,
  metricsAreNotPublic,
} from "./ingress";
import { metadataIsOutOfReach, podsAreIsolated } from "./isolation";
import { jobsEnd } from "./jobs";
import { namesFit, objectsAreUnique } from "./names";
import { objectsAreTheStacks } from "./ownership";
import { placementsAgree, podsSpread } from "./placement";
import { namespacesAreRestricted, podsAreRestricted, rightsAreNotGiven } from "./podSecurity";
import { quotasHoldRollouts } from "./quota";
import { configurationIsRead, referencesExist } from "./references";
import { containersHaveResources, scratchIsBounded } from "./resources";
import { rolloutsFindRoom, rolloutsKeepServing, rolloutsOutlastStarts } from "./rollout";
import { autoscalersOwnReplicas, disruptionBudgetsAllowEviction, disruptionBudgetsExist } from "./scaling";
import { selectorsAreStable, selectorsMatchTheirOwn } from "./selectors";
import {
  monitorPortsExist,
  monitorsLookHere,
  nodePortsAreWanted,
  probePortsExist,
  servicePortsExist,
  servicesStayInside,
} from "./services";
import { livenessOutlastsReadiness, podsDrainFirst } from "./serving";
import { claimsExist, mountsHaveVolumes, volumesAreMounted } from "./volumes";

export const ruleNames = [
  "autoscalers-own-replicas",
  "claims-exist",
  "configuration-is-read",
  "containers-have-resources",
  "credentials-are-secrets",
  "disruption-budgets-allow-eviction",
  "disruption-budgets-exist",
  "group-orders-differ",
  "images-are-fixed",
  "ingress-actions-are-used",
  "ingress-backends-exist",
  "jobs-end",
  "liveness-outlasts-readiness",
  "load-balancer-groups-agree",
  "metadata-is-out-of-reach",
  "metrics-are-not-public",
  "monitor-ports-exist",
  "monitors-look-here",
  "mounts-have-volumes",
  "names-fit",
  "namespaces-are-restricted",
  "node-ports-are-wanted",
  "objects-are-the-stacks",
  "objects-are-unique",
  "placements-agree",
  "pods-are-isolated",
  "pods-are-restricted",
  "pods-drain-first",
  "pods-spread",
  "probe-ports-exist",
  "quotas-hold-rollouts",
  "references-exist",
  "rights-are-not-given",
  "rollouts-find-room",
  "rollouts-keep-serving",
  "rollouts-outlast-starts",
  "scratch-is-bounded",
  "selectors-are-stable",
  "selectors-match-their-own",
  "service-ports-exist",
  "services-stay-inside",
  "variables-are-defined-once",
  "variables-have-values",
  "volumes-are-mounted",
  // The last: it looks at what the others find.
  "exceptions-are-used",
] as const;

export type RuleName = (typeof ruleNames)[number];

/** A finding that no exception excuses. */
export interface Violation extends NamedFinding {
  readonly rule: RuleName;
  readonly level: Level;
}

/** What the rules say about a stack's objects. */
export interface Report {
  readonly violations: readonly Violation[];
  /** The exceptions that excuse a finding. */
  readonly exceptions: readonly Exception[];
}

/** What must be true of all objects of a stack. */
export const rules: Readonly<Record<RuleName, Rule>> = {
  "autoscalers-own-replicas": autoscalersOwnReplicas,
  "claims-exist": claimsExist,
  "configuration-is-read": configurationIsRead,
  "containers-have-resources": containersHaveResources,
  "credentials-are-secrets": credentialsAreSecrets,
  "disruption-budgets-allow-eviction": disruptionBudgetsAllowEviction,
  "disruption-budgets-exist": disruptionBudgetsExist,
  "group-orders-differ": groupOrdersDiffer,
  "images-are-fixed": imagesAreFixed,
  "ingress-actions-are-used": ingressActionsAreUsed,
  "ingress-backends-exist": ingressBackendsExist,
  "jobs-end": jobsEnd,
  "liveness-outlasts-readiness": livenessOutlastsReadiness,
  "load-balancer-groups-agree": loadBalancerGroupsAgree,
  "metadata-is-out-of-reach": metadataIsOutOfReach,
  "metrics-are-not-public": metricsAreNotPublic,
  "monitor-ports-exist": monitorPortsExist,
  "monitors-look-here": monitorsLookHere,
  "mounts-have-volumes": mountsHaveVolumes,
  "names-fit": namesFit,
  "namespaces-are-restricted": namespacesAreRestricted,
  "node-ports-are-wanted": nodePortsAreWanted,
  "objects-are-the-stacks": objectsAreTheStacks,
  "objects-are-unique": objectsAreUnique,
  "placements-agree": placementsAgree,
  "pods-are-isolated": podsAreIsolated,
  "pods-are-restricted": podsAreRestricted,
  "pods-drain-first": podsDrainFirst,
  "pods-spread": podsSpread,
  "probe-ports-exist": probePortsExist,
  "quotas-hold-rollouts": quotasHoldRollouts,
  "references-exist": referencesExist,
  "rights-are-not-given": rightsAreNotGiven,
  "rollouts-find-room": rolloutsFindRoom,
  "rollouts-keep-serving": rolloutsKeepServing,
  "rollouts-outlast-starts": rolloutsOutlastStarts,
  "scratch-is-bounded": scratchIsBounded,
  "selectors-are-stable": selectorsAreStable,
  "selectors-match-their-own": selectorsMatchTheirOwn,
  "service-ports-exist": servicePortsExist,
  "services-stay-inside": servicesStayInside,
  "variables-are-defined-once": variablesAreDefinedOnce,
  "variables-have-values": variablesHaveValues,
  "volumes-are-mounted": volumesAreMounted,
  "exceptions-are-used": exceptionsAreUsed,
};

/**
 * What all rules say about a stack's plain objects, or only those named.
 *
 * Throws for an object that is not of its kind's shape.
 */
export function reviewObjects(
  objects: readonly unknown[],
  facts: StackFacts,
  names: readonly RuleName[] = ruleNames,
): Report {
  const inventory = takeInventory(objects, facts);
  const found: Violation[] = [];
  for (const rule of names) {
    const { level, check } = rules[rule];
    found.push(...check(inventory, found).map((finding) => ({ rule, level, ...finding })));
  }
  const exceptions = exceptionsOf(inventory.all);
  return {
    violations: found.filter((violation) => !exceptions.some((exception) => excuses(exception, violation))),
    exceptions: exceptions.filter((exception) => found.some((violation) => excuses(exception, violation))),
  };
}

/** What the rules find wrong with a stack's plain objects, exceptions left out; see reviewObjects. */
export function checkObjects(...args: Parameters<typeof reviewObjects>): readonly Violation[] {
  return reviewObjects(...args).violations;
}

/** A violation as people read it. */
export function violationText({ rule, object, path, value, cure }: Violation): string {
  return `${object}: ${path} = ${value}: ${cure} [${rule}]`;
}

/** An exception as people read it. */
export function exceptionText({ rule, object, reason }: Exception): string {
  return `${object}: excepted from ${rule}: ${reason}`;
}
