import type { StackFacts } from "./inventory";
import { exceptionText, type Report, reviewObjects, type Violation, violationText } from "./rules";

/** What people are told of a stack's objects. */
export interface Judgement {
  /** Why the objects are refused; absent where no mandatory rule finds anything. */
  readonly refusal?: string;
  /** What advisory rules find, and which exceptions are in use; absent where there is neither. */
  readonly remarks?: string;
}

/** Has all rules look at a stack's objects. Throws for an object that is not of its kind's shape. */
export function judgeObjects(objects: readonly unknown[], facts: StackFacts): Judgement {
  return judgement(reviewObjects(objects, facts), facts.stack);
}

export function judgement({ violations, exceptions }: Report, stack: string): Judgement {
  const texts = ({ level }: Pick<Violation, "level">) =>
    violations.filter((violation) => violation.level === level).map(violationText);
  const mandatory = texts({ level: "mandatory" });
  const remarks = [...texts({ level: "advisory" }), ...exceptions.map(exceptionText)];
  const faults = mandatory.length === 1 ? "a fault" : `${mandatory.length} faults`;
  return {
    ...(mandatory.length > 0 && {
      refusal: list(
        `the rules find ${faults} in the objects of stack ${stack}, and nothing was touched; docs/rules.md`,
        mandatory,
      ),
    }),
    ...(remarks.length > 0 && { remarks: list(`the rules on the objects of stack ${stack}; docs/rules.md`, remarks) }),
  };
}

function list(title: string, lines: readonly string[]): string {
  return [`${title}:`, ...lines.map((line) => `  ${line}`)].join("\n");
}
