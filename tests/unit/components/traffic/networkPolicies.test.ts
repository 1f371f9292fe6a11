import * as assert from "node:assert/strict";
import { buildObjects } from "../../../../components/buildObjects";
import {
  type EgressArgs,
  type NetworkArgs,
  type NetworkPoliciesArgs,
  networkPolicies,
} from "../../../../components/traffic/networkPolicies";
import { fixtureConfig, stackConfig } from "../../../support/stackConfig";

const scope = { stack: "prod", release: "datasets-server-prod", namespace: "datasets-server" };

function policies(
  egress: readonly EgressArgs[],
  internalCidrs: readonly string[] = [],
  { mongo, urls = {} }: Pick<NetworkArgs, "mongo"> & Partial<Pick<NetworkPoliciesArgs, "urls">> = {},
) {
  return networkPolicies({
    scope,
    network: {
      loadBalancerCidrs: ["10.12.0.0/16"],
      prometheusNamespace: "monitoring",
      egress,
      internalCidrs,
      podIdentity: false,
      ...(mongo && { mongo }),
    },
    webServices: ["api"],
    workers: ["worker-heavy"],
    urls,
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

describe("an external database", () => {
  it("may be on several ports and ranges of ports, at addresses of either family", () => {
    const mongo = { cidrs: ["10.12.9.0/28", "fd00:1::/64"], ports: [27_017, { port: 28_000, endPort: 28_010 }] };
    const { egress } = policies([], [], { mongo })["every-pod"] ?? {};
    assert.deepEqual(Object(egress).at(-1), {
      to: [{ ipBlock: { cidr: "10.12.9.0/28" } }, { ipBlock: { cidr: "fd00:1::/64" } }],
      ports: [
        { protocol: "TCP", port: 27_017 },
        { protocol: "TCP", port: 28_000, endPort: 28_010 },
      ],
    });
  });
});

describe("a URL that a workload is given in the clear", () => {
  const egressFor = (...urls: readonly string[]) => policies([], [], { urls: { api: urls } })["egress-api"]?.egress;
  const anywherePublic = Object(policies([])["every-pod"]?.egress)[1].to;

  it("opens no more where its host is a name, on the ports that are open to public addresses", () => {
    const all = policies([]);
    assert.deepEqual(policies([], [], { urls: { api: ["https://huggingface.co", "http://hub.example.com/x"] } }), all);
  });

  it("opens its port to public addresses where that is another one, once", () => {
    const hub = "https://hub.example.com:8443";
    assert.deepEqual(egressFor(hub, `${hub}/api/keys/jwt`), [
      { to: anywherePublic, ports: [{ protocol: "TCP", port: 8443 }] },
    ]);
  });

  it("opens one address where its host is one, of either family", () => {
    assert.deepEqual(egressFor("http://10.12.3.4:8080", "https://[fd00::7]"), [
      { to: [{ ipBlock: { cidr: "10.12.3.4/32" } }], ports: [{ protocol: "TCP", port: 8080 }] },
      { to: [{ ipBlock: { cidr: "fd00::7/128" } }], ports: [{ protocol: "TCP", port: 443 }] },
    ]);
  });

  it("opens it to the workloads that read it alone", async () => {
    const opened = async (variables: object) => {
      const config = fixtureConfig("prod");
      const env = JSON.parse(config["datasets-server:env"] ?? "{}");
      config["datasets-server:env"] = JSON.stringify({ ...env, ...variables });
      const { networkPolicies } = buildObjects((await stackConfig("prod", { config })).datasetsServer);
      const names = networkPolicies.map(({ content }) =>
        content.metadata.name.replace(`${scope.release}-network-`, ""),
      );
      return names.filter((name) => name.startsWith("egress-"));
    };
    const workers = ["egress-worker-heavy", "egress-worker-light", "egress-worker-medium"];
    assert.deepEqual(await opened({}), []);
    assert.deepEqual((await opened({ OPT_IN_OUT_URLS_SCAN_SPAWNING_URL: "http://10.1.2.3/urls" })).sort(), workers);
    const all = await opened({ COMMON_HF_ENDPOINT: "http://hub.internal:8080" });
    assert.ok(
      all.includes("egress-api") && all.includes("egress-backfill") && !all.includes("egress-mongodb-migration"),
    );
  });
});
