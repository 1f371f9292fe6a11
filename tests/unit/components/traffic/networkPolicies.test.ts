import * as assert from "node:assert/strict";
import { type EgressArgs, networkPolicies } from "../../../../components/traffic/networkPolicies";

const scope = { stack: "prod", release: "datasets-server-prod", namespace: "datasets-server" };

function policies(egress: readonly EgressArgs[], internalCidrs: readonly string[] = []) {
  return networkPolicies({
    scope,
    network: {
      loadBalancerCidrs: ["10.12.0.0/16"],
      prometheusNamespace: "monitoring",
      egress,
      internalCidrs,
      podIdentity: false,
    },
    webServices: ["api"],
    workers: ["worker-heavy"],
  });
}

describe("a public range that the VPC uses inside", () => {
  it("does not count as public, and may be reached where a range of its own opens it", () => {
    const inside = "52.94.0.0/16";
    const text = (egress: readonly EgressArgs[]) => JSON.stringify(policies(egress, [inside])["every-pod"]?.egress);
    assert.match(text([]), /"cidr":"0\.0\.0\.0\/0","except":\[[^\]]*"127\.0\.0\.0\/8","52\.94\.0\.0\/16"\]/);
    assert.ok(text([{ cidr: inside, ports: [443] }]).includes(`{"ipBlock":{"cidr":"${inside}"}}`));
  });
});

describe("a range that pods may reach", () => {
  it("is open to every pod, with its ports and ranges of ports", () => {
    const open = policies([{ cidr: "10.12.7.0/24", ports: [443, { port: 1024, endPort: 2048 }] }]);
    assert.deepEqual(Object(open["every-pod"]?.egress).at(-1), {
      to: [{ ipBlock: { cidr: "10.12.7.0/24" } }],
      ports: [
        { protocol: "TCP", port: 443 },
        { protocol: "TCP", port: 1024, endPort: 2048 },
      ],
    });
  });

  it("is open to the pods of some workloads alone, in a policy of each", () => {
    const range = { cidr: "fd00::/64", ports: [443] };
    const some = policies([{ ...range, from: ["api", "worker-heavy"] }]);
    assert.deepEqual(some["every-pod"], policies([])["every-pod"]);
    for (const component of ["api", "worker-heavy"]) {
      const { podSelector, egress } = some[`egress-${component}`] ?? {};
      assert.ok(JSON.stringify(podSelector).includes(`"datasets-server-prod-${component}"`));
      assert.deepEqual(egress, [{ to: [{ ipBlock: { cidr: "fd00::/64" } }], ports: [{ protocol: "TCP", port: 443 }] }]);
    }
  });
});
