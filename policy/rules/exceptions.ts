import { ownPrefix } from "../../catalog/names";
import { objectId } from "../inventory";
import type { NamedFinding, Rules } from "../rule";
import type { KubernetesObject } from "../shapes";

/** What the annotations that except an object from a rule start with: the rule's name follows, the value is the reason. */
export const exceptionPrefix = `${ownPrefix}/except.`;

/** One object that need not keep to one rule. */
export interface Exception {
  readonly object: string;
  readonly rule: string;
  /** Why the rule does not hold for it; without a reason it excuses nothing. */
  readonly reason: string;
}

/** Returns the exceptions that an object specifies by its annotations. */
export function exceptionsOf(object: KubernetesObject): Exception[] {
  return Object.entries(object.metadata.annotations)
    .filter(([key]) => key.startsWith(exceptionPrefix))
    .map(([key, reason]) => ({
      object: objectId(object),
      rule: key.slice(exceptionPrefix.length),
      reason: reason.trim(),
    }));
}

/** Tells whether an exception is for a finding. */
export function excuses({ object, rule, reason }: Exception, finding: NamedFinding): boolean {
  return reason !== "" && finding.object === object && finding.rule === rule && !(rule in exceptionRules);
}

export const exceptionRules = {
  "exceptions-are-used": {
    level: "mandatory",
    why: "An exception that has nothing to excuse today excuses a mistake tomorrow, and no one dares to remove one without a reason.",
    check: ({ all }, expect, earlier) => {
      for (const object of all) {
        for (const exception of exceptionsOf(object)) {
          const { rule, reason } = exception;
          const isUsed = earlier.some((finding) => excuses(exception, finding));
          const fix = reason
            ? "remove it: no rule of this name finds anything here"
            : "say why the rule does not hold here";
          expect(isUsed, object, `metadata.annotations["${exceptionPrefix}${rule}"]`, reason, fix);
        }
      }
    },
  },
} satisfies Rules;
