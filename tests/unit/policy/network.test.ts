import * as assert from "node:assert/strict";
import { type Inventory, takeInventory } from "../../../policy/inventory";
import type { Port } from "../../../policy/network";
import { mayFlow } from "../../support/network";
import { hasOwnDatabase, type NamedEndpoint, networkOf, others, ownPods, type Role } from "./endpoints";
import { type Change, mutate } from "./mutation";
import { renderedStack, type Stack, stacks } from "./stacks";

type PortText = "TCP 22" | "TCP 53" | "TCP 80" | "TCP 443" | "TCP 8080" | "TCP 27017" | "UDP 53" | "UDP 443";

const ports: Readonly<Record<PortText, Port>> = {
  "TCP 22": { protocol: "TCP", number: 22 },
  "TCP 53": { protocol: "TCP", number: 53 },
  "TCP 80": { protocol: "TCP", number: 80 },
  "TCP 443": { protocol: "TCP", number: 443 },
  "TCP 8080": { protocol: "TCP", number: 8080 },
  "TCP 27017": { protocol: "TCP", number: 27_017 },
  "UDP 53": { protocol: "UDP", number: 53 },
  "UDP 443": { protocol: "UDP", number: 443 },
};

interface ExpectedFlow {
  readonly from: Role;
  readonly to: readonly Role[];
  readonly ports: readonly PortText[];
}

/** Every flow there may be. */
function expectedFlows(inventory: Inventory, stack: Stack): ExpectedFlow[] {
  const { podIdentity } = networkOf(stack);
  return [
    { from: "load balancer", to: ["web service"], ports: ["TCP 8080"] },
    { from: "Prometheus", to: ["web service", "worker"], ports: ["TCP 8080"] },
    { from: "own pod", to: ["cluster DNS", "node-local DNS"], ports: ["TCP 53", "UDP 53"] },
    { from: "own pod", to: ["internet"], ports: ["TCP 80", "TCP 443"] },
    { from: "own pod", to: [hasOwnDatabase(inventory) ? "own MongoDB" : "database range"], ports: ["TCP 27017"] },
    ...(podIdentity ? [{ from: "own pod" as const, to: ["Pod Identity" as const], ports: ["TCP 80" as const] }] : []),
  ];
}

interface Flow {
  readonly from: NamedEndpoint;
  readonly to: NamedEndpoint;
  readonly port: PortText;
}

/** Every flow of a stack's pods, who else there is, and what policies and the expectation say of each. */
function tableOf(inventory: Inventory, stack: Stack) {
  const expected = expectedFlows(inventory, stack);
  const foreign = others(inventory, stack);
  const own = ownPods(inventory);
  const verdict = ({ from, to, port }: Flow) =>
    mayFlow(inventory.networkPolicies, from.endpoint, to.endpoint, ports[port]);
  return {
    flows: [...product(own, [...own, ...foreign]), ...product(foreign, own)],
    foreignFlows: product(foreign, foreign),
    expected,
    isExpected: (flow: Flow) => expected.some((allowed) => isOf(allowed, flow)),
    isOpen: (flow: Flow) => verdict(flow).isOpen,
    text: (flow: Flow) => `${flow.from.name} to ${flow.to.name}, ${flow.port}: ${verdict(flow).reasons.join("; ")}`,
  };
}

for (const stack of stacks) {
  describe(`the network of stack ${stack}`, () => {
    let table: ReturnType<typeof tableOf>;

    before(async () => {
      const { objects, facts } = await renderedStack(stack);
      table = tableOf(takeInventory(objects, facts), stack);
    });

    it("is closed for every from, to and port but the expected ones", () => {
      const { flows, isExpected, isOpen, text } = table;
      assert.deepEqual(flows.filter((flow) => isOpen(flow) && !isExpected(flow)).map(text), []);
    });

    it("is open for the expected flows", () => {
      const { flows, expected, isExpected, isOpen, text } = table;
      assert.deepEqual(flows.filter((flow) => isExpected(flow) && !isOpen(flow)).map(text), []);
      assert.deepEqual(
        expected.filter((allowed) => !flows.some((flow) => isOf(allowed, flow))),
        [],
      );
    });

    it("leaves everybody else's traffic alone", () => {
      const { foreignFlows, isOpen, text } = table;
      assert.deepEqual(foreignFlows.filter((flow) => !isOpen(flow)).map(text), []);
    });
  });
}

describe("the table of flows", () => {
  const controls: readonly { title: string; changes: readonly Change[]; from: string; to: string; port: PortText }[] = [
    {
      title: "the lost policy that closes every pod",
      changes: [{ remove: "NetworkPolicy network-every-pod" }],
      from: "a pod of another namespace",
      to: "CronJob datasets-server-local-backfill",
      port: "TCP 22",
    },
    {
      title: "a way out to private addresses",
      changes: [
        { object: "NetworkPolicy network-every-pod", at: ["spec", "egress", 1, "to", 0, "ipBlock", "except"], to: [] },
      ],
      from: "Deployment datasets-server-local-worker-light",
      to: "the metadata service",
      port: "TCP 80",
    },
    {
      title: "a way in for every pod",
      changes: [{ object: "NetworkPolicy network-mongodb", at: ["spec", "ingress", 0, "from"] }],
      from: "another stack's pod in the namespace",
      to: "StatefulSet datasets-server-local-mongodb",
      port: "TCP 27017",
    },
  ];
  for (const { title, changes, from, to, port } of controls) {
    it(`finds ${title}`, async () => {
      const { objects, facts } = await renderedStack("local");
      const table = tableOf(takeInventory(mutate(objects, "datasets-server-local", changes), facts), "local");
      const opened = table.flows.find((flow) => flow.from.name === from && flow.to.name === to && flow.port === port);
      assert.ok(opened && table.isOpen(opened) && !table.isExpected(opened));
    });
  }
});

function product(senders: readonly NamedEndpoint[], receivers: readonly NamedEndpoint[]): Flow[] {
  const pairs = senders.flatMap((from) => receivers.map((to) => ({ from, to })));
  return pairs.flatMap((pair) =>
    Object.keys(ports)
      .filter(isPort)
      .map((port) => ({ ...pair, port })),
  );
}

function isOf(allowed: ExpectedFlow, { from, to, port }: Flow): boolean {
  return (
    from.roles.includes(allowed.from) &&
    to.roles.some((role) => allowed.to.includes(role)) &&
    allowed.ports.includes(port)
  );
}

function isPort(text: string): text is PortText {
  return text in ports;
}
