import assert from "node:assert/strict";
import { localNodes } from "../../../tools/cluster/nodes";

interface Pods {
  readonly count: number;
  readonly cpu: number;
  readonly memoryGi: number;
}

/** What must fit on each pool at once: production's services with the surge of a rollout, workers at their least. */
const production: Readonly<Record<string, readonly Pods[]>> = {
  "datasets-server": [
    { count: 3, cpu: 1, memoryGi: 8 },
    { count: 3, cpu: 1, memoryGi: 0.5 },
  ],
  "datasets-server-api": [{ count: 25, cpu: 0.9, memoryGi: 4 }],
  "datasets-server-rows": [{ count: 15, cpu: 1, memoryGi: 8 }],
  "datasets-server-search": [{ count: 3, cpu: 1, memoryGi: 250 }],
  "datasets-server-webhook": [{ count: 5, cpu: 4, memoryGi: 4 }],
  "datasets-server-worker": [
    { count: 5, cpu: 8, memoryGi: 34 },
    { count: 13, cpu: 1.2, memoryGi: 10 },
  ],
  "datasets-server-worker-light": [{ count: 5, cpu: 0.2, memoryGi: 0.1 }],
};

describe("local nodes", () => {
  const nodes = localNodes();
  const ofRole = (role: string) => nodes.filter((node) => node.metadata?.labels?.[`role-${role}`] === "true");

  for (const [role, workloads] of Object.entries(production)) {
    it(`hold production's pods of ${role}`, () => {
      const free = ofRole(role).map(({ status }) => ({
        cpu: Number(status?.allocatable?.cpu),
        memoryGi: Number(status?.allocatable?.memory?.replace("Gi", "")),
      }));
      for (const { count, cpu, memoryGi } of workloads) {
        for (let pod = 1; pod <= count; pod += 1) {
          const node = free.find((candidate) => candidate.cpu >= cpu && candidate.memoryGi >= memoryGi);
          assert.ok(node, `pod ${pod} of ${count} with ${cpu} cpu, ${memoryGi} Gi`);
          node.cpu -= cpu;
          node.memoryGi -= memoryGi;
        }
      }
    });

    it(`of ${role} accept only pods that tolerate its taint, in three zones`, () => {
      for (const { spec } of ofRole(role)) {
        assert.deepEqual(spec?.taints, [{ key: `huggingface.co/${role}`, value: "true", effect: "NoSchedule" }]);
      }
      const zones = ofRole(role).map((node) => node.metadata?.labels?.["topology.kubernetes.io/zone"]);
      assert.deepEqual(zones.sort(), ["us-east-1a", "us-east-1b", "us-east-1c"]);
    });
  }

  it("leave no room for a second search pod on a node", () => {
    for (const { status } of ofRole("datasets-server-search")) {
      assert.ok(Number(status?.allocatable?.memory?.replace("Gi", "")) < 2 * 250);
    }
  });

  it("have untainted ones for everything else", () => {
    assert.equal(nodes.filter((node) => node.spec?.taints === undefined).length, 3);
  });

  it("have distinct names, which are their hostnames too", () => {
    const names = nodes.map((node) => node.metadata?.name);
    assert.equal(new Set(names).size, nodes.length);
    assert.deepEqual(
      nodes.map((node) => node.metadata?.labels?.["kubernetes.io/hostname"]),
      names,
    );
  });
});
