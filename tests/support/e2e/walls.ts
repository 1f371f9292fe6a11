import assert from "node:assert/strict";
import type { V1Pod } from "@kubernetes/client-node";
import type { StandInImage } from "../../../tools/standin";
import { type Beyond, type RealCluster, startBeyond } from "./realNode";

/** What is at every port of every place, but for what is there already: only a wall keeps a connection from opening. */
const ports = [22, 53, 80, 443, 8080, 27_017];
const places = [...ports.map((port) => `tcp/${port}`), "udp/53", "udp/443"];

/** What is beyond the node, by its address there. */
export const beyondNode = {
  "a load balancer": "10.12.0.9",
  "the internet": "203.0.113.9",
  "the metadata service": "169.254.169.254",
  "the VPC": "172.16.0.9",
} as const;

/** Those that connect to pods from there. */
const fromBeyond = ["a load balancer", "the VPC"] as const;

/** The image of pods that only answer questions. */
export const idleImage: StandInImage = { reference: "localhost/datasets-server/idle:1" };

/** How long policies may take to be enforced; milliseconds. */
const limitMs = 30_000;

interface Place {
  readonly namespace: string;
  readonly pod: string;
  readonly address: string;
}

/** What tells whose connections open: pods of a stack, pods of others, and what is beyond the node. */
export class Walls {
  private readonly own = new Map<string, Place>();
  private readonly strangers = new Map<string, Place>();

  private constructor(
    private readonly cluster: RealCluster,
    private readonly beyond: Beyond,
  ) {}

  static async start(cluster: RealCluster): Promise<Walls> {
    return new Walls(cluster, await startBeyond(cluster, Object.values(beyondNode), ports));
  }

  /** Has the next stack in the place of the one before. */
  forgetStack(): void {
    this.own.clear();
  }

  /** Takes a pod of the stack that runs the stand-in. */
  async addOwn(name: string, pod: V1Pod | undefined): Promise<void> {
    this.own.set(name, await this.listening(pod));
  }

  /** Starts an idle pod with the labels of one of the stack's. */
  async startOwn(name: string, namespace: string, labels: Readonly<Record<string, string>>): Promise<void> {
    this.own.set(name, await this.startIdle(namespace, idlePod(name.toLowerCase(), labels)));
  }

  /** Starts a pod of others, in a namespace that it makes where there is none. */
  async startStranger(name: string, namespace: string): Promise<void> {
    const { items } = await this.cluster.kubernetes.core.listNamespace();
    if (!items.some(({ metadata }) => metadata?.name === namespace)) {
      await this.cluster.kubernetes.core.createNamespace({ body: { metadata: { name: namespace } } });
    }
    this.strangers.set(name, await this.startIdle(namespace, idlePod("stranger", {})));
  }

  /** Asks the stand-in of a pod of the stack. */
  ask(name: string, question: string): Promise<string> {
    const place = this.own.get(name);
    assert.ok(place, `there is no ${name}`);
    return this.askAt(place, question);
  }

  /** Tries all connections until those that open are these, and no others, for as long as policies may take. */
  async letThroughOnly(open: readonly string[]): Promise<void> {
    const deadline = Date.now() + limitMs;
    for (;;) {
      const results = await this.tryAll();
      const opened = [...results].filter(([, result]) => result === "opened").map(([flow]) => flow);
      const isSo = JSON.stringify(opened.sort()) === JSON.stringify([...open].sort());
      if (isSo) console.log(`      ${results.size} connections tried, ${opened.length} opened`);
      if (isSo) return;
      if (Date.now() > deadline) assert.deepEqual(opened, [...open].sort());
    }
  }

  /** Tries all connections until every one opens, for as long as the end of policies may take. */
  async letAllThrough(): Promise<void> {
    const deadline = Date.now() + limitMs;
    for (;;) {
      const closed = [...(await this.tryAll())].filter(([, result]) => result !== "opened");
      if (closed.length === 0) return;
      if (Date.now() > deadline) assert.deepEqual(closed, []);
    }
  }

  /** Tries every flow that begins or ends at a pod of the stack; returns what became of each, such as "opened" or "timeout". */
  private async tryAll(): Promise<ReadonlyMap<string, string>> {
    const pods = [...this.own, ...this.strangers];
    const targets = [
      ...pods.map(([to, { address }]) => ({ to, address })),
      ...Object.entries(beyondNode).map(([to, address]) => ({ to, address })),
    ];
    const results = new Map<string, string>();
    for (const [from, place] of pods) {
      const flows = targets
        .filter(({ to }) => to !== from && (this.own.has(from) || this.own.has(to)))
        .flatMap(({ to, address }) => places.map((at) => ({ to, at, place: at.replace("/", `/${address}:`) })));
      const question = `/connect?within=1500&${flows.map((flow) => `to=${flow.place}`).join("&")}`;
      const answers = (await this.askAt(place, question)).trim().split("\n");
      for (const [index, { to, at }] of flows.entries()) {
        results.set(`${from} to ${to}, ${at}`, answers[index] ?? "no answer");
      }
    }
    const inward = [...this.own].flatMap(([to, { address }]) => ports.map((port) => ({ to, port, address })));
    for (const from of fromBeyond) {
      const at = inward.map(({ address, port }) => `${address}:${port}`);
      const answers = await this.beyond.connect(beyondNode[from], at);
      for (const [index, { to, port }] of inward.entries()) {
        results.set(`${from} to ${to}, tcp/${port}`, answers[index] ?? "no answer");
      }
    }
    return results;
  }

  private async startIdle(namespace: string, pod: V1Pod): Promise<Place> {
    const { core } = this.cluster.kubernetes;
    const name = pod.metadata?.name ?? "";
    await core.createNamespacedPod({ namespace, body: pod });
    const ready = ["wait", "--for=condition=Ready", "--timeout=60s", `pod/${name}`, "--namespace", namespace];
    await this.cluster.kubectl(...ready);
    return this.listening(await core.readNamespacedPod({ name, namespace }));
  }

  private async listening(pod: V1Pod | undefined): Promise<Place> {
    const { name = "", namespace = "" } = pod?.metadata ?? {};
    const place = { namespace, pod: name, address: pod?.status?.podIP ?? "" };
    await this.askAt(place, `/listen?${places.map((each) => `on=${each}`).join("&")}`);
    return place;
  }

  private askAt({ namespace, pod }: Place, question: string): Promise<string> {
    return this.cluster.kubectl("exec", "--namespace", namespace, pod, "--", "standin", question);
  }
}

function idlePod(name: string, labels: Readonly<Record<string, string>>): V1Pod {
  return {
    metadata: { name, labels },
    spec: {
      terminationGracePeriodSeconds: 1,
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: "RuntimeDefault" } },
      containers: [
        {
          name,
          image: idleImage.reference,
          imagePullPolicy: "IfNotPresent",
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
        },
      ],
    },
  };
}
