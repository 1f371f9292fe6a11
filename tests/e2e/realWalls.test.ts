import assert from "node:assert/strict";
import path from "node:path";
import type { V1Pod } from "@kubernetes/client-node";
import { z } from "zod";
import { jobNames } from "../../catalog/jobs";
import type { Engine } from "../support/e2e/engine";
import {
  type Beyond,
  imagesOfLocal,
  type RealCluster,
  startBeyond,
  startRealCluster,
  whyNoRealNode,
} from "../support/e2e/realNode";
import { setStackFile } from "../support/e2e/stackFile";
import { localClusterVariables, newEngine, suiteFolder } from "../support/e2e/world";

const namespace = "datasets-server";
const release = "datasets-server-local";

/** What is at every port of everybody's, but for what is there already: only a wall keeps a connection from opening. */
const ports = [22, 53, 80, 443, 8080, 27_017];
const places = [...ports.map((port) => `tcp/${port}`), "udp/53", "udp/443"];

const beyondNode = {
  "a load balancer": "10.0.0.9",
  "the internet": "203.0.113.9",
  "the metadata service": "169.254.169.254",
  "the VPC": "172.16.0.9",
} as const;

/** Who there is: by name, the namespace and the pod. */
const own = { api: "api", worker: "worker-light", MongoDB: "mongodb" } as const;
const strangers = {
  "a pod without labels": namespace,
  "a pod of another namespace": "another",
  Prometheus: "monitoring",
} as const;

/** Every flow that decision 0009 lets through, of those that begin or end at a pod of the stack. */
const open: readonly string[] = [
  ...["api", "worker"].map((to) => `Prometheus to ${to}, tcp/8080`),
  "a load balancer to api, tcp/8080",
  ...["api", "worker"].map((from) => `${from} to MongoDB, tcp/27017`),
  ...["api", "worker", "MongoDB"].flatMap((from) => [
    `${from} to the internet, tcp/80`,
    `${from} to the internet, tcp/443`,
  ]),
].sort();

const none = "0".repeat(16);

/** What a process of the stand-in says of itself; tools/standin/program/control.go. */
const reportSchema = z.object({
  uid: z.number(),
  gid: z.number(),
  status: z.record(z.string(), z.string()),
  writes: z.record(z.string(), z.string()),
  hasToken: z.boolean(),
});

describe("the walls around stack local's pods", function () {
  this.timeout(10 * 60_000);
  let cluster: RealCluster;
  let engine: Engine;
  let beyond: Beyond;
  const pods = new Map<string, { readonly namespace: string; readonly pod: string; readonly address: string }>();

  before(async function () {
    const problem = await whyNoRealNode();
    if (problem !== undefined) {
      console.log(`      skipped: ${problem}`);
      this.skip();
    }
    const idle = "localhost/datasets-server/idle:1";
    cluster = await startRealCluster([...(await imagesOfLocal({})), { reference: idle }]);
    engine = await newEngine("local", await suiteFolder("local"), localClusterVariables(cluster));
    await setStackFile(path.join(engine.folder, "Pulumi.local.yaml"), (set) => {
      for (const job of jobNames) set(["jobs", job], undefined);
    });
    const { code, stdout, stderr } = await engine.up();
    assert.equal(code, 0, stdout + stderr);
    const { core } = cluster.kubernetes;
    for (const [name, where] of Object.entries(strangers)) {
      if (where !== namespace) await core.createNamespace({ body: { metadata: { name: where } } });
      await core.createNamespacedPod({ namespace: where, body: idlePod("stranger", idle) });
      await cluster.kubectl("wait", "--for=condition=Ready", "--timeout=60s", "--namespace", where, "pod/stranger");
      remember(name, await core.readNamespacedPod({ name: "stranger", namespace: where }));
    }
    for (const [name, component] of Object.entries(own)) {
      const { items } = await core.listNamespacedPod({ namespace, labelSelector: `app=${release}-${component}` });
      remember(name, items[0]);
    }
    for (const { namespace: where, pod } of pods.values()) {
      await ask(where, pod, `/listen?${places.map((place) => `on=${place}`).join("&")}`);
    }
    beyond = await startBeyond(cluster, Object.values(beyondNode), ports);
  });
  after(() => cluster?.stop());

  function remember(name: string, pod: V1Pod | undefined): void {
    const { name: podName = "", namespace: where = "" } = pod?.metadata ?? {};
    pods.set(name, { namespace: where, pod: podName, address: pod?.status?.podIP ?? "" });
  }

  const ask = (where: string, pod: string, question: string) =>
    cluster.kubectl("exec", "--namespace", where, pod, "--", "standin", question);

  /** Tries every flow that begins or ends at a pod of the stack; returns what became of each, such as "opened" or "timeout". */
  async function tryAll(): Promise<ReadonlyMap<string, string>> {
    const results = new Map<string, string>();
    const targets = [
      ...[...pods].map(([to, { address }]) => ({ to, address })),
      ...Object.entries(beyondNode).map(([to, address]) => ({ to, address })),
    ];
    for (const [from, { namespace: where, pod }] of pods) {
      const flows = targets
        .filter(({ to }) => to !== from && (from in own || to in own))
        .flatMap(({ to, address }) => places.map((place) => ({ to, place, at: place.replace("/", `/${address}:`) })));
      const question = `/connect?within=1500&${flows.map(({ at }) => `to=${at}`).join("&")}`;
      const answers = (await ask(where, pod, question)).trim().split("\n");
      for (const [index, { to, place }] of flows.entries()) {
        results.set(`${from} to ${to}, ${place}`, answers[index] ?? "no answer");
      }
    }
    const inward = [...pods]
      .filter(([to]) => to in own)
      .flatMap(([to, { address }]) => ports.map((port) => ({ to, port, at: `${address}:${port}` })));
    const answers = await beyond.connect(inward.map(({ at }) => at));
    for (const [index, { to, port }] of inward.entries()) {
      results.set(`a load balancer to ${to}, tcp/${port}`, answers[index] ?? "no answer");
    }
    return results;
  }

  it("keep no process from what it needs: it is who the rules say, and writes where its volumes are", async () => {
    for (const [name, uid, gid, writable] of [
      ["api", 1000, 3000, ["/prometheus", "/tmp"]],
      ["worker", 1000, 3000, ["/prometheus", "/storage/parquet-metadata", "/tmp"]],
      ["MongoDB", 999, 999, ["/data/configdb", "/data/db", "/tmp"]],
    ] as const) {
      const { namespace: where = "", pod = "" } = pods.get(name) ?? {};
      const report = reportSchema.parse(JSON.parse(await ask(where, pod, "/report")));
      const { status, writes, hasToken } = report;
      assert.deepEqual({ uid: report.uid, gid: report.gid, hasToken }, { uid, gid, hasToken: false }, name);
      assert.deepEqual([status.CapEff, status.CapBnd, status.NoNewPrivs, status.Seccomp], [none, none, "1", "2"], name);
      const allowed = Object.entries(writes).filter(([, result]) => result === "ok");
      assert.deepEqual(allowed.map(([folder]) => folder).sort(), writable, name);
    }
  });

  it("let the flows of decision 0009 through, and no other", async () => {
    const results = await tryAll();
    const opened = [...results].filter(([, result]) => result === "opened").map(([flow]) => flow);
    console.log(`      ${results.size} connections tried, ${opened.length} opened`);
    assert.deepEqual(opened.sort(), open);
  });

  it("are all that keeps the other connections from opening", async () => {
    await cluster.kubectl("delete", "networkpolicy", "--all", "--namespace", namespace);
    const deadline = Date.now() + 30_000;
    for (;;) {
      const closed = [...(await tryAll())].filter(([, result]) => result !== "opened");
      if (closed.length === 0) return;
      if (Date.now() > deadline) assert.deepEqual(closed, []);
    }
  });
});

function idlePod(name: string, image: string): V1Pod {
  return {
    metadata: { name },
    spec: {
      terminationGracePeriodSeconds: 1,
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: "RuntimeDefault" } },
      containers: [
        {
          name,
          image,
          imagePullPolicy: "IfNotPresent",
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
        },
      ],
    },
  };
}
