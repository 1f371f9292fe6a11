import * as assert from "node:assert/strict";
import { checkObjects, type RuleName, ruleNames, rules, type Violation, violationText } from "../../../policy/rules";
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
      violations = checkObjects(objects, facts);
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
        const found = checkObjects(changed, { ...facts, ...told }, [name]);
        assert.deepEqual(
          found.map((violation) => withoutHashes(violationText(violation))),
          violations,
        );
      });
    }
  });
}

describe("the rules", () => {
  it("blame nobody for the number of pods that an API server has filled in", async () => {
    const { objects, facts } = await renderedStack("local");
    const worker = "Deployment worker-heavy";
    const changed = mutate(objects, "datasets-server-local", [
      { object: worker, at: ["metadata", "uid"], to: "d9607e19-f88f-11e6-a518-42010a800195" },
      { object: worker, at: ["spec", "replicas"], to: 1 },
    ]);
    assert.deepEqual(checkObjects(changed, facts), []);
  });

  it("name the object and the path that they cannot read", async () => {
    const { objects, facts } = await renderedStack("local");
    const changed = mutate(objects, "datasets-server-local", [
      { object: "Deployment api", at: ["spec", "template", "spec", "containers"], to: "none" },
    ]);
    assert.throws(
      () => checkObjects(changed, facts),
      /cannot read Deployment datasets-server-local-api: [\s\S]*spec\.template\.spec\.containers/,
    );
  });
});
