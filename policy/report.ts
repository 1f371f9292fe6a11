import type { StackFacts } from "./inventory";
import type { Level } from "./rule";
import { exceptionText, reviewObjects, violationText } from "./rules";

/** What people are told of a stack's objects. */
export interface Judgement {
  /** Why the objects are refused; absent where no mandatory rule finds anything. */
  readonly refusal?: string;
  /** What advisory rules find, and which exceptions are in use; absent where there is neither. */
  readonly remarks?: string;
}

/** Has all rules look at a stack's objects. Throws for an object that is not of its kind's shape. */
export function judgeObjects(objects: readonly unknown[], facts: StackFacts): Judgement {
  const { violations, exceptions } = reviewObjects(objects, facts);
  const texts = (wanted: Level) => violations.filter(({ level }) => level === wanted).map(violationText);
  const mandatory = texts("mandatory");
  const remarks = [...texts("advisory"), ...exceptions.map(exceptionText)];
  const faults = mandatory.length === 1 ? "a fault" : `${mandatory.length} faults`;
  const of = `the objects of stack ${facts.stack}`;
  return {
    ...(mandatory.length > 0 && {
      refusal: list(`the rules find ${faults} in ${of}; no changes were made; docs/rules.md`, mandatory),
    }),
    ...(remarks.length > 0 && { remarks: list(`the rules on ${of}; docs/rules.md`, remarks) }),
  };
}

function list(title: string, lines: readonly string[]): string {
  return [`${title}:`, ...lines.map((line) => `  ${line}`)].join("\n");
}
