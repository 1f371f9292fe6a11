import { objectId, type StackFacts, takeInventory } from "../inventory";
import type { Level, NamedFinding, Rule } from "../rule";
import { credentialRules } from "./credentials";
import { environmentRules } from "./environment";
import { type Exception, exceptionRules, exceptionsOf, excuses } from "./exceptions";
import { imageRules } from "./images";
import { ingressRules } from "./ingress";
import { isolationRules } from "./isolation";
import { jobRules } from "./jobs";
import { nameRules } from "./names";
import { ownershipRules } from "./ownership";
import { placementRules } from "./placement";
import { podSecurityRules } from "./podSecurity";
import { quotaRules } from "./quota";
import { referenceRules } from "./references";
import { resourceRules } from "./resources";
import { rolloutRules } from "./rollout";
import { scalingRules } from "./scaling";
import { selectorRules } from "./selectors";
import { serviceRules } from "./services";
import { servingRules } from "./serving";
import { volumeRules } from "./volumes";

const objectRules = {
  ...credentialRules,
  ...environmentRules,
  ...imageRules,
  ...ingressRules,
  ...isolationRules,
  ...jobRules,
  ...nameRules,
  ...ownershipRules,
  ...placementRules,
  ...podSecurityRules,
  ...quotaRules,
  ...referenceRules,
  ...resourceRules,
  ...rolloutRules,
  ...scalingRules,
  ...selectorRules,
  ...serviceRules,
  ...servingRules,
  ...volumeRules,
};

export type RuleName = keyof typeof objectRules | keyof typeof exceptionRules;

/** What must be true of all objects of a stack. */
export const rules: Readonly<Record<RuleName, Rule>> = { ...objectRules, ...exceptionRules };

/** The rules by name; those about exceptions come last, as they look at what the others find. */
export const ruleNames: readonly RuleName[] = [objectRules, exceptionRules].flatMap((some) =>
  Object.keys(some).filter(isRuleName).sort(),
);

/** A finding that no exception excuses. */
export interface Violation extends NamedFinding {
  readonly rule: RuleName;
  readonly level: Level;
}

/** What the rules find in a stack's objects. */
export interface Report {
  readonly violations: readonly Violation[];
  /** The exceptions that excuse a finding. */
  readonly exceptions: readonly Exception[];
}

/**
 * Returns what all rules, or only those named, find in a stack's plain objects.
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
    check(
      inventory,
      (condition, object, path, value, fix) => {
        if (!condition) {
          found.push({ rule, level, object: objectId(object), path, value: shown(value), fix });
        }
      },
      found,
    );
  }
  const exceptions = inventory.all.flatMap(exceptionsOf);
  return {
    violations: found.filter((violation) => !exceptions.some((exception) => excuses(exception, violation))),
    exceptions: exceptions.filter((exception) => found.some((violation) => excuses(exception, violation))),
  };
}

/** Returns a violation as people read it. */
export function violationText({ rule, object, path, value, fix }: Violation): string {
  return `${object}: ${path} = ${value}: ${fix} [${rule}]`;
}

/** Returns an exception as people read it. */
export function exceptionText({ rule, object, reason }: Exception): string {
  return `${object}: excepted from ${rule}: ${reason}`;
}

function isRuleName(name: string): name is RuleName {
  return name in rules;
}

function shown(value: unknown): string {
  if (value === undefined) {
    return "absent";
  }
  return typeof value === "string" && value.trim() !== "" ? value : JSON.stringify(value);
}
