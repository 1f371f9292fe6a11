import assert from "node:assert/strict";
import { requireSameLoadBalancer } from "../../../cli/environments/sharedLoadBalancer";
import { ingressAnnotations } from "../../../components/traffic/ingress";
import { readIngresses } from "../../../policy/loadBalancer";

/** An environment on a load balancer. */
function environment(number: number, changes: Readonly<Record<string, string>> = {}) {
  const annotations = {
    [ingressAnnotations.name]: "pr-a",
    [ingressAnnotations.group]: "pr-a",
    [ingressAnnotations.scheme]: "internal",
    [ingressAnnotations.tags]: "Env=staging",
    ...changes,
  };
  const ingress = { kind: "Ingress", metadata: { name: `pr-${number}-api`, annotations }, spec: { rules: [] } };
  return { number, ingresses: readIngresses([ingress]) };
}

const permissions = { allowed: [], command: "ds pr up 4 --image sha-abc1234" };

describe("an environment on a load balancer that it shares", () => {
  it("goes on beside others that have it alike, and beside those on other load balancers", () => {
    const elsewhere = environment(3, { [ingressAnnotations.group]: "pr-b", [ingressAnnotations.scheme]: "other" });
    requireSameLoadBalancer(environment(4), [environment(2), elsewhere], permissions);
    requireSameLoadBalancer(environment(4), [{ number: 6, ingresses: [] }], permissions);
  });

  for (const field of ["name", "scheme", "tags", "redirect"] as const) {
    it(`is refused another ${field} than the others have, with who they are and how to renew them`, () => {
      const other = environment(2, { [ingressAnnotations[field]]: "another" });
      assert.throws(
        () => requireSameLoadBalancer(environment(4), [other, environment(6)], permissions),
        (error: Error) => {
          assert.match(error.message, new RegExp(`pr-4 shares load balancer pr-a .*: pr-2 \\(${field} another\\)\\.`));
          assert.doesNotMatch(error.message, /pr-6/);
          assert.match(error.message, /sha-abc1234 --allow LoadBalancer\/pr-a, .* each of the others.*: ds pr up 2 /);
          return true;
        },
      );
    });
  }

  it("may differ where that is allowed, as one environment has to be the first", () => {
    const other = environment(2, { [ingressAnnotations.scheme]: "internet-facing" });
    requireSameLoadBalancer(environment(4), [other], { ...permissions, allowed: ["LoadBalancer/pr-a"] });
  });
});
