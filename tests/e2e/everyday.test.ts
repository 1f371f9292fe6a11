import assert from "node:assert/strict";
import path from "node:path";
import { edit } from "../support/e2e/checkout";
import { type Cluster, newCluster } from "../support/e2e/cluster";
import type { Engine } from "../support/e2e/engine";
import type { Kubernetes } from "../support/e2e/kubernetes";
import { setStackFile } from "../support/e2e/stackFile";
import { settledPods } from "../support/e2e/workloads";
import { localClusterVariables, newEngine, suiteFolder } from "../support/e2e/world";
import { Snapshot } from "../support/snapshot";

const namespace = "datasets-server";

type Values = Readonly<Record<string, unknown>>;

/** What a person who owns the system changes. */
interface Change {
  readonly title: string;
  /** How many files are edited by hand. */
  readonly files: number;
  /** Values set in a stack file by their keys, such as services.api.replicas; undefined removes a key. */
  readonly values?: Readonly<Record<string, Values>>;
  /** What is written into files of the catalog, each text before what its pattern finds. */
  readonly code?: Readonly<Record<string, readonly (readonly [before: RegExp, text: string])[]>>;
}

function inProd(title: string, values: Values): Change {
  return { title, files: 1, values: { "Pulumi.prod.yaml": values } };
}

const small = { requests: { cpu: "100m", memory: "512Mi" }, limits: { cpu: "1", memory: "1Gi" } };

const resources = { requests: { cpu: "1", memory: "4Gi" }, limits: { cpu: "2", memory: "8Gi" } };

const changes: readonly Change[] = [
  inProd("another image", { "images.tag": "sha-0123abc" }),
  inProd("more replicas", { "services.api.replicas": 24 }),
  inProd("another memory limit", { "services.rows.resources.limits.memory": "9Gi" }),
  inProd("more server processes", { "services.rows.uvicornWorkers": 3 }),
  inProd("more room under /tmp", { "services.search.scratch": "120Gi" }),
  inProd("another schedule", { "jobs.backfill.schedule": "30 11 * * *" }),
  inProd("a longer deadline of a job", { "jobs.post-messages.deadlineSeconds": 5400 }),
  inProd("another log level", { "env.LOG_LEVEL": "DEBUG" }),
  inProd("a variable of all workers", { "env.WORKER_SLEEP_SECONDS": 10 }),
  inProd("a variable of one worker pool", { "workers.heavy.env.WORKER_MAX_JOB_DURATION_SECONDS": 3600 }),
  inProd("a variable that no stack file has set", { "env.CONFIG_NAMES_MAX_NUMBER": 5000 }),
  inProd("another range of difficulty", { "workers.medium.difficulty.max": 75, "workers.heavy.difficulty.min": 75 }),
  inProd("a worker pool", {
    "workers.huge": { difficulty: { min: 90, max: 100 }, resources, nodePool: "datasets-server-worker", replicas: 2 },
  }),
  inProd("other bounds of an autoscaler", { "workers.light.autoscaling.maxReplicas": 60 }),
  inProd("a fixed number of workers", { "workers.light.autoscaling": undefined, "workers.light.replicas": 8 }),
  inProd("a node pool of another name", {
    "nodePools.datasets-server-admin": {
      label: "role-datasets-server-admin=true",
      taint: "huggingface.co/datasets-server-admin:NoSchedule",
    },
    "services.admin.nodePool": "datasets-server-admin",
  }),
  inProd("a network range with ports", {
    "network.egress": [
      { cidr: "10.12.1.50/32", ports: [443], from: ["worker-heavy"] },
      { cidr: "fd00:12::/64", ports: [{ port: 1024, endPort: 65535 }] },
    ],
  }),
  {
    title: "how long PR environments stay",
    files: 1,
    values: { "Pulumi.ephemeral.yaml": { "pullRequest.lifetime": "3d" } },
  },
  {
    title: "a variable that the application has got",
    files: 1,
    code: {
      "catalog/variables.ts": [
        [
          /^ {2}WORKER_SLEEP_SECONDS: /m,
          `  WORKER_PATIENCE_SECONDS: {
    group: "worker",
    type: seconds(600),
    value: 30,
    does: "How long a worker waits for another.",
  },
`,
        ],
      ],
    },
  },
  {
    title: "a service, on staging and in PR environments",
    files: 2,
    values: { "Pulumi.ephemeral.yaml": { "services.croissant": { replicas: 1, resources: small } } },
    code: {
      "catalog/services.ts": [
        [/\] as const;/, ', "croissant"'],
        [
          /^ {2}webhook: \{/m,
          `  croissant: {
    variablePrefix: "API",
    package: "croissant",
    variables: [...serving, "numba"],
    healthPath: "/healthcheck",
    metricsPath: "/metrics",
    startupSeconds: 120,
    surge: noneMissing,
    routeOrder: 6,
    routes: prefixes("/croissant"),
    publicRoutes: [],
  },
`,
        ],
      ],
    },
  },
  {
    title: "a secret, whose value a command then sets",
    files: 1,
    code: {
      "catalog/secrets.ts": [
        [
          /^\} as const satisfies Readonly<Record<string, SecretDefinition>>;/m,
          `  signingToken: {
    concern: "signing",
    key: "SIGNING_TOKEN",
    form: "token",
    does: "What workers sign their results with.",
    placeholder: unset,
    needed: "where set",
  },
`,
        ],
        [
          /^\} as const satisfies Readonly<Record<string, SecretVariable>>;/m,
          `  WORKER_SIGNING_TOKEN: { group: "worker", secret: "signingToken", does: "What workers sign their results with." },
`,
        ],
      ],
    },
  },
];

describe("an everyday change", () => {
  let engine: Engine;
  let cluster: Cluster;
  let checkout: Snapshot;

  before(async () => {
    cluster = await newCluster(await suiteFolder("everyday-cluster"), "fast");
    engine = await newEngine("local", await suiteFolder("everyday"), localClusterVariables(cluster));
    checkout = await Snapshot.of(engine.folder);
  });
  after(() => cluster.stop());

  /** Makes the copy a repository, as a clone is: some unit tests ask for its commit. */
  const commit = () =>
    engine.script(
      "git init --quiet; git add .; git -c user.name=test -c user.email=test@localhost commit --quiet -m copy",
    );

  /** Runs unit tests of the copy, all of them by default. */
  const unitTests = (...files: readonly string[]) =>
    engine.command(
      "node_modules/.bin/mocha",
      ...(files.length > 0 ? ["--no-config", "--require", "ts-node/register/transpile-only", ...files] : []),
      // Other end-to-end tests run at the same time.
      "--timeout",
      "60000",
    );
  const generatedTests = () => unitTests("tests/unit/generated.test.ts");
  const generate = () => engine.shell("./ds generate");

  describe("made by hand in as few files as it says, and then by make generate, leaves the golden files and the rules well:", () => {
    afterEach(() => checkout.restore());

    for (const change of changes) {
      it(change.title, async () => {
        await make(change, engine.folder);
        assert.equal((await checkout.changed()).length, change.files);
        await generate();
        const { code, stdout } = await generatedTests();
        assert.equal(code, 0, stdout);
      });
    }

    it("is said to need make generate where that was forgotten", async () => {
      await make(inProd("", { "services.api.replicas": 24 }), engine.folder);
      const { code, stdout } = await generatedTests();
      assert.notEqual(code, 0);
      assert.match(stdout, /stale: run make generate/);
    });

    it("fails no unit test, with all the others", async () => {
      for (const change of changes) await make(change, engine.folder);
      await generate();
      await commit();
      const { code, stdout } = await unitTests();
      assert.equal(code, 0, stdout.slice(stdout.indexOf("failing")));
    });
  });

  describe("of stack local", () => {
    before(async () => {
      succeeded(await engine.up());
    });
    after(() => engine.destroy());

    const rolls: readonly { readonly title: string; readonly values: Values; readonly workloads: readonly string[] }[] =
      [
        {
          title: "an image",
          values: { "images.tag": "sha-0123abc" },
          workloads: ["admin", "api", "rows", "search", "sse-api", "webhook", "worker-heavy", "worker-light"],
        },
        { title: "the number of replicas", values: { "services.api.replicas": 3 }, workloads: [] },
        { title: "a memory limit", values: { "services.rows.resources.limits.memory": "2Gi" }, workloads: ["rows"] },
        { title: "a schedule", values: { "jobs.backfill.schedule": "30 11 * * *" }, workloads: [] },
        {
          title: "a variable that all read",
          values: { "env.LOG_LEVEL": "INFO" },
          workloads: ["admin", "api", "rows", "search", "sse-api", "webhook", "worker-heavy", "worker-light"],
        },
        {
          title: "a variable that few read",
          values: { "env.ROWS_INDEX_MAX_ARROW_DATA_IN_MEMORY": 200_000_000 },
          workloads: ["rows", "worker-heavy", "worker-light"],
        },
        {
          title: "a variable of workers",
          values: { "env.WORKER_SLEEP_SECONDS": 10 },
          workloads: ["worker-heavy", "worker-light"],
        },
        {
          title: "a variable of one pool",
          values: { "workers.heavy.env": { WORKER_MAX_JOB_DURATION_SECONDS: 3600 } },
          workloads: ["worker-heavy"],
        },
      ];
    for (const { title, values, workloads } of rolls) {
      const which = workloads.length === 0 ? "no pod" : `the pods of ${workloads.join(", ")}`;
      it(`in ${title} replaces ${which}, and no others`, async () => {
        const before = await podsByWorkload(cluster.kubernetes);
        await setValues(path.join(engine.folder, "Pulumi.local.yaml"), values);
        succeeded(await engine.up());
        const after = await podsByWorkload(cluster.kubernetes);
        const replaced = [...before].filter(([workload, pods]) =>
          [...pods].every((pod) => !after.get(workload)?.has(pod)),
        );
        assert.deepEqual(replaced.map(([workload]) => workload).sort(), [...workloads]);
        const kept = [...before].filter(([workload, pods]) => [...pods].every((pod) => after.get(workload)?.has(pod)));
        assert.equal(replaced.length + kept.length, before.size);
      });
    }
  });
});

async function make({ values = {}, code = {} }: Change, folder: string): Promise<void> {
  for (const [file, set] of Object.entries(values)) await setValues(path.join(folder, file), set);
  for (const [file, texts] of Object.entries(code)) {
    for (const [before, text] of texts) await edit(path.join(folder, file), before, `${text}$&`);
  }
}

async function setValues(file: string, values: Values): Promise<void> {
  await setStackFile(file, (set) => {
    for (const [key, value] of Object.entries(values)) set(key.split("."), value);
  });
}

function succeeded({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }): void {
  assert.equal(code, 0, stdout + stderr);
}

/** The pods of each Deployment, by its name less its prefix, when all rollouts have ended. */
async function podsByWorkload(kubernetes: Kubernetes): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const pods = new Map<string, Set<string>>();
  for (const { metadata } of await settledPods(kubernetes, namespace)) {
    const workload = metadata?.labels?.app?.replace("datasets-server-local-", "") ?? "";
    if (workload === "mongodb") continue;
    pods.set(workload, (pods.get(workload) ?? new Set()).add(metadata?.uid ?? ""));
  }
  return pods;
}
