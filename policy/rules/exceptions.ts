import { ownPrefix } from "../../catalog/names";
import { objectId } from "../inventory";
import { finding, type NamedFinding, type Rule } from "../rule";
import type { KubernetesObject } from "../shapes";

/** What the annotations that except an object from a rule start with: the rule's name follows, the value is the reason. */
export const exceptionPrefix = `${ownPrefix}/except.`;

/** One object that need not keep to one rule. */
export interface Exception {
  readonly object: string;
  readonly rule: string;
  /** Why the rule does not hold for it. */
  readonly reason: string;
}

/** The exceptions that objects say they are, those without a reason left out: they excuse nothing. */
export function exceptionsOf(objects: readonly KubernetesObject[]): Exception[] {
  return objects.flatMap(stated).filter(({ reason }) => reason !== "");
}

/** Whether an exception is for what a rule found. */
export function excuses({ object, rule }: Exception, found: NamedFinding): boolean {
  return found.object === object && found.rule === rule && rule !== "exceptions-are-used";
}

export const exceptionsAreUsed: Rule = {
  level: "mandatory",
  why: "An exception that has nothing to excuse today excuses a mistake tomorrow, and one without a reason nobody dares to remove.",
  check: ({ all }, earlier) =>
    all.flatMap((object) =>
      stated(object).flatMap((exception) => {
        const path = `metadata.annotations["${exceptionPrefix}${exception.rule}"]`;
        if (exception.reason === "") {
          return [finding(object, path, exception.reason, "say why the rule does not hold here")];
        }
        return earlier.some((found) => excuses(exception, found))
          ? []
          : [finding(object, path, exception.reason, "remove it: no rule of this name finds anything here")];
      }),
    ),
};

function stated(object: KubernetesObject): Exception[] {
  return Object.entries(object.metadata.annotations)
    .filter(([key]) => key.startsWith(exceptionPrefix))
    .map(([key, reason]) => ({
      object: objectId(object),
      rule: key.slice(exceptionPrefix.length),
      reason: reason.trim(),
    }));
}
