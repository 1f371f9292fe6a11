import { type StackFacts, takeInventory } from "../inventory";
import type { Level, NamedFinding, Rule } from "../rule";
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
import { podsAreIsolated } from "./isolation";
import { namesFit } from "./names";
import { objectsAreTheStacks } from "./ownership";
import { podsAreRestricted } from "./podSecurity";
import { quotasHoldRollouts } from "./quota";
import { configurationIsRead, referencesExist } from "./references";
import { containersHaveResources } from "./resources";
import { rolloutsOutlastStarts } from "./rollout";
import { autoscalersOwnReplicas, disruptionBudgetsAllowEviction } from "./scaling";
import { selectorsAreStable, selectorsMatchTheirOwn } from "./selectors";
import {
  monitorPortsExist,
  monitorsLookHere,
  nodePortsAreWanted,
  probePortsExist,
  servicePortsExist,
} from "./services";
import { claimsExist, mountsHaveVolumes, volumesAreMounted } from "./volumes";

export const ruleNames = [
  "autoscalers-own-replicas",
  "claims-exist",
  "configuration-is-read",
  "containers-have-resources",
  "disruption-budgets-allow-eviction",
  "group-orders-differ",
  "images-are-fixed",
  "ingress-actions-are-used",
  "ingress-backends-exist",
  "load-balancer-groups-agree",
  "metrics-are-not-public",
  "monitor-ports-exist",
  "monitors-look-here",
  "mounts-have-volumes",
  "names-fit",
  "node-ports-are-wanted",
  "objects-are-the-stacks",
  "pods-are-isolated",
  "pods-are-restricted",
  "probe-ports-exist",
  "quotas-hold-rollouts",
  "references-exist",
  "rollouts-outlast-starts",
  "selectors-are-stable",
  "selectors-match-their-own",
  "service-ports-exist",
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
  "disruption-budgets-allow-eviction": disruptionBudgetsAllowEviction,
  "group-orders-differ": groupOrdersDiffer,
  "images-are-fixed": imagesAreFixed,
  "ingress-actions-are-used": ingressActionsAreUsed,
  "ingress-backends-exist": ingressBackendsExist,
  "load-balancer-groups-agree": loadBalancerGroupsAgree,
  "metrics-are-not-public": metricsAreNotPublic,
  "monitor-ports-exist": monitorPortsExist,
  "monitors-look-here": monitorsLookHere,
  "mounts-have-volumes": mountsHaveVolumes,
  "names-fit": namesFit,
  "node-ports-are-wanted": nodePortsAreWanted,
  "objects-are-the-stacks": objectsAreTheStacks,
  "pods-are-isolated": podsAreIsolated,
  "pods-are-restricted": podsAreRestricted,
  "probe-ports-exist": probePortsExist,
  "quotas-hold-rollouts": quotasHoldRollouts,
  "references-exist": referencesExist,
  "rollouts-outlast-starts": rolloutsOutlastStarts,
  "selectors-are-stable": selectorsAreStable,
  "selectors-match-their-own": selectorsMatchTheirOwn,
  "service-ports-exist": servicePortsExist,
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
