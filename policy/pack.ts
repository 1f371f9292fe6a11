import { PolicyPack, type StackValidationArgs, type StackValidationPolicy } from "@pulumi/policy";
import { resourceObjects, toldFacts, toldFactsSchema } from "./packObjects";
import { exceptionText, type Report, type RuleName, reviewObjects, ruleNames, rules, violationText } from "./rules";

// One policy for each rule: whoever uses the pack gives it another level, or tells it facts, by the rule's name.
new PolicyPack("datasets-server", { policies: [...ruleNames.map(rulePolicy), exceptionsPolicy()] });

function rulePolicy(name: RuleName): StackValidationPolicy {
  const { why, level } = rules[name];
  // Whether an exception is used shows only when all rules have run.
  const asked = name === "exceptions-are-used" ? ruleNames : [name];
  return {
    name,
    description: why,
    enforcementLevel: level,
    configSchema: toldFactsSchema,
    validateStack: (args, reportViolation) => {
      const { report, urns } = review(args, asked);
      for (const violation of report.violations.filter(({ rule }) => rule === name)) {
        reportViolation(violationText(violation), urns.get(violation.object));
      }
    },
  };
}

function exceptionsPolicy(): StackValidationPolicy {
  return {
    name: "exceptions-in-use",
    description: "Objects that need not keep to a rule, and why.",
    enforcementLevel: "advisory",
    validateStack: (args, reportViolation) => {
      const { report, urns } = review(args, ruleNames);
      for (const exception of report.exceptions) {
        reportViolation(exceptionText(exception), urns.get(exception.object));
      }
    },
  };
}

function review(
  args: StackValidationArgs,
  asked: readonly RuleName[],
): { readonly report: Report; readonly urns: ReadonlyMap<string, string> } {
  const { objects, urns, facts } = resourceObjects(args.resources);
  return { report: reviewObjects(objects, { ...facts, ...toldFacts(args.getConfig()) }, asked), urns };
}
