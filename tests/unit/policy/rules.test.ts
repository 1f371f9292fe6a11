import * as assert from "node:assert/strict";
import { type RuleName, reviewObjects, ruleNames, rules, type Violation, violationText } from "../../../policy/rules";
import { bindingMutations } from "./bindingMutations";
import { exceptionMutations } from "./exceptionMutations";
import { type Mutation, mutate, withoutHashes } from "./mutation";
import { objectMutations } from "./objectMutations";
import { podMutations } from "./podMutations";
import { reliabilityMutations, securityMutations } from "./reliabilityMutations";
import { renderedStack, stacks } from "./stacks";
import { trafficMutations } from "./trafficMutations";

const mutations: Readonly<Record<RuleName, readonly Mutation[]>> = {
  ...bindingMutations,
  ...exceptionMutations,
  ...objectMutations,
  ...podMutations,
  ...reliabilityMutations,
  ...securityMutations,
  ...trafficMutations,
};

for (const stack of stacks) {
  describe(`the rules on stack ${stack}`, () => {
    let violations: readonly Violation[];

    before(async () => {
      const { objects, facts } = await renderedStack(stack);
      violations = reviewObjects(objects, facts).violations;
    });

    for (const name of ruleNames) {
      it(`find nothing against ${name}`, () => {
        assert.deepEqual(violations.filter(({ rule }) => rule === name).map(violationText), []);
      });
    }
  });
}

for (const name of ruleNames) {
  describe(`the rule ${name}`, () => {
    it("says in one sentence what it is for", () => assert.match(rules[name].why, /^[A-Z][^.]+\.$/));

    for (const { title, changes, violations, stack = "local", facts: told } of mutations[name]) {
      it(`finds ${title}`, async () => {
        const { objects, facts } = await renderedStack(stack);
        const changed = mutate(objects, `datasets-server-${stack}`, changes);
        const found = reviewObjects(changed, { ...facts, ...told }, [name]).violations;
        assert.deepEqual(
          found.map((violation) => withoutHashes(violationText(violation))),
          violations,
        );
      });
    }
  });
}

describe("the rules", () => {
  it("name the object and the path that they cannot read", async () => {
    const { objects, facts } = await renderedStack("local");
    const changed = mutate(objects, "datasets-server-local", [
      { object: "Deployment api", at: ["spec", "template", "spec", "containers"], to: "none" },
    ]);
    assert.throws(
      () => reviewObjects(changed, facts).violations,
      /cannot read Deployment datasets-server-local-api: [\s\S]*spec\.template\.spec\.containers/,
    );
  });
});
