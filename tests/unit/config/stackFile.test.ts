import * as assert from "node:assert/strict";
import { readersOf } from "../../../catalog/readers";
import { serviceNames } from "../../../catalog/services";
import { rememberEnvironment } from "../../support/environment";
import { fixtureConfig, stackConfig } from "../../support/stackConfig";

/** Production's configuration with one of its keys changed; a map's inner key is named by its path. */
function production(key: string, value: unknown): Record<string, string> {
  return changed(fixtureConfig("prod"), key, value);
}

function changed(config: Record<string, string>, key: string, value: unknown): Record<string, string> {
  const [top = "", ...inner] = key.split(".");
  const name = `datasets-server:${top}`;
  if (inner.length === 0) {
    return value === undefined ? without(config, name) : { ...config, [name]: text(value) };
  }
  return { ...config, [name]: JSON.stringify(change(JSON.parse(config[name] ?? "{}"), inner, value)) };
}

function without(config: Record<string, string>, name: string): Record<string, string> {
  return Object.fromEntries(Object.entries(config).filter(([key]) => key !== name));
}

function text(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function change(map: Record<string, unknown>, [head = "", ...rest]: string[], value: unknown): Record<string, unknown> {
  const inner = map[head];
  const isMap = typeof inner === "object" && inner !== null;
  return { ...map, [head]: rest.length > 0 ? change(isMap ? { ...inner } : {}, rest, value) : value };
}

/** What the program says of a configuration: its error's text. */
async function complaint(
  config: Record<string, string>,
  stack = "prod",
  encrypted: readonly string[] = [],
): Promise<string> {
  const error: unknown = await stackConfig(stack, { config, encrypted }).then(
    () => assert.fail("the configuration was accepted"),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof Error);
  return String(error);
}

interface BadInput {
  readonly key: string;
  readonly value: unknown;
  /** The whole line of the error that this value must give. */
  readonly says: string;
}

const service = "datasets-server:services.api";

const badInputs: readonly BadInput[] = [
  {
    key: "services.api.replicas",
    value: -1,
    says: `${service}.replicas: got -1; expected a whole number from 0 to 500 (pods)`,
  },
  {
    key: "services.api.replicas",
    value: 1.5,
    says: `${service}.replicas: got 1.5; expected a whole number from 0 to 500 (pods)`,
  },
  {
    key: "services.api.replicas",
    value: 1e23,
    says: `${service}.replicas: got 1e+23; expected a whole number from 0 to 500 (pods)`,
  },
  {
    key: "services.api.replicas",
    value: "20",
    says: `${service}.replicas: got "20"; expected a whole number from 0 to 500 (pods)`,
  },
  {
    key: "services.api.replcas",
    value: 20,
    says: `${service}.replcas: unknown key; did you mean replicas?`,
  },
  {
    key: "services.api.size",
    value: 20,
    says:
      `${service}.size: unknown key; expected one of ` +
      "resources, scratch, nodePool, env, replicas, uvicornWorkers, listenAddress, public",
  },
  {
    key: "services.ap",
    value: {},
    says: "datasets-server:services.ap: unknown key; did you mean api?",
  },
  {
    key: "ingress.public.announceHost",
    value: true,
    says: "datasets-server:ingress.public.announceHost: unknown key; it is called externalDns now",
  },
  {
    key: "secretDelivery",
    value: "file",
    says: 'datasets-server:secretDelivery: got "file"; expected one of env, files; did you mean files?',
  },
  {
    key: "services",
    value: "many",
    says: `datasets-server:services: got "many"; expected a map with keys of ${serviceNames.join(", ")}`,
  },
  {
    key: "cluster.role",
    value: "EKS-HUB-Tensorboard",
    says: 'datasets-server:cluster.role: got "EKS-HUB-Tensorboard"; expected the ARN of an IAM role',
  },
  {
    key: "cluster.role",
    value: "arn:aws:iam::123456789012:role/EKS-HUB-Tensorboard",
    says:
      'datasets-server:cluster.role: got "arn:aws:iam::123456789012:role/EKS-HUB-Tensorboard"; ' +
      "expected a role of account 707930574880",
  },
  {
    key: "images.tag",
    value: "latest",
    says:
      'datasets-server:images.tag: got "latest"; expected "sha-" followed by 7 to 40 hex digits, ' +
      "such as sha-59db084",
  },
  {
    key: "ingress.public.host",
    value: "datasets_server.co",
    says:
      'datasets-server:ingress.public.host: got "datasets_server.co"; expected a DNS name of lower-case labels ' +
      "joined by dots, such as datasets-server.huggingface.co",
  },
  {
    key: "services.api.resources.requests.memory",
    value: "7Gi",
    says: `${service}.resources.requests.memory: got "7Gi"; expected at most the limit, 6Gi`,
  },
  {
    key: "services.api.resources.limits.cpu",
    value: "1 core",
    says: `${service}.resources.limits.cpu: got "1 core"; expected CPU cores as 2, 0.5 or 500m, above 0`,
  },
  {
    key: "services.api.resources.limits.memory",
    value: "0Gi",
    says: `${service}.resources.limits.memory: got "0Gi"; expected bytes as 512Mi or 4Gi, at least 1Mi`,
  },
  {
    key: "services.api.listenAddress",
    value: "localhost",
    says: `${service}.listenAddress: got "localhost"; expected one of 0.0.0.0, ::`,
  },
  {
    key: "services.api.nodePool",
    value: "general",
    says:
      `${service}.nodePool: got "general"; expected one of nodePools: datasets-server, datasets-server-api, ` +
      "datasets-server-rows, datasets-server-search, datasets-server-webhook, datasets-server-worker, " +
      "datasets-server-worker-light",
  },
  {
    key: "ingress.public.loadBalancer.name",
    value: "datasets-server-production-internal",
    says:
      'datasets-server:ingress.public.loadBalancer.name: got "datasets-server-production-internal"; expected a ' +
      "load balancer name: at most 32 letters, digits and hyphens, not starting with internal-",
  },
  {
    key: "env.LOG_LEVEL",
    value: "WARN",
    says: 'datasets-server:env.LOG_LEVEL: got "WARN"; expected one of DEBUG, INFO, WARNING, ERROR, CRITICAL; did you mean WARNING?',
  },
  {
    key: "env.API_HF_TIMEOUT_SECONDS",
    value: 0,
    says: "datasets-server:env.API_HF_TIMEOUT_SECONDS: got 0; expected a number above 0 and up to 600 (seconds)",
  },
  {
    key: "ingress.public.host",
    value: "10.0.0.1",
    says:
      'datasets-server:ingress.public.host: got "10.0.0.1"; expected a DNS name of lower-case labels ' +
      "joined by dots, such as datasets-server.huggingface.co",
  },
  {
    key: "ingress.internal.host",
    value: "datasets-server.huggingface.co",
    says:
      'datasets-server:ingress.internal.host: got "datasets-server.huggingface.co"; expected any but that of ' +
      "datasets-server:ingress.public.host",
  },
  {
    key: "ingress.internal.loadBalancer.name",
    value: "datasets-server-prod",
    says:
      'datasets-server:ingress.internal.loadBalancer.name: got "datasets-server-prod"; expected any but that of ' +
      "datasets-server:ingress.public.loadBalancer.name",
  },
  {
    key: "ingress.internal.loadBalancer.group",
    value: "datasets-server",
    says:
      'datasets-server:ingress.internal.loadBalancer.group: got "datasets-server"; expected any but that of ' +
      "datasets-server:ingress.public.loadBalancer.group",
  },
  {
    key: "ingress.public.loadBalancer.group",
    value: "Datasets Server",
    says:
      'datasets-server:ingress.public.loadBalancer.group: got "Datasets Server"; expected the name of an ' +
      "ingress group: at most 63 lower-case letters, digits, hyphens and dots",
  },
  {
    key: "ingress.public.loadBalancer.tags.Env",
    value: "prod,Owner=nobody",
    says:
      'datasets-server:ingress.public.loadBalancer.tags.Env: got "prod,Owner=nobody"; expected a tag\'s value in ' +
      "quotes: letters, digits, spaces and _.:/+-@",
  },
  {
    key: "network.mongo.cidrs",
    value: ["999.1.1.1/8"],
    says:
      'datasets-server:network.mongo.cidrs.0: got "999.1.1.1/8"; expected a range of IPv4 or IPv6 that starts at its first ' +
      "address, such as 10.12.0.0/16 or fd00::/64",
  },
  {
    key: "network.mongo.port",
    value: 27_018,
    says: "datasets-server:network.mongo.port: unknown key; did you mean ports?",
  },
  {
    key: "network.loadBalancerCidrs",
    value: ["10.12.3.4/16"],
    says:
      'datasets-server:network.loadBalancerCidrs.0: got "10.12.3.4/16"; expected an IPv4 range that starts at its ' +
      "first address, such as 10.12.0.0/16",
  },
  {
    key: "jobs.backfill.schedule",
    value: "0 0 * * 7",
    says:
      'datasets-server:jobs.backfill.schedule: got "0 0 * * 7"; expected five cron fields in UTC as Kubernetes reads ' +
      "them, such as 05 12 * * * or */10 0-5 * * MON-FRI",
  },
  {
    key: "jobs.backfill.schedule",
    value: "*/30 * * * *",
    says:
      "datasets-server:jobs.backfill.deadlineSeconds: got 43200; expected at most 1800, the time between two runs of schedule " +
      '"*/30 * * * *", as one that comes while another runs is skipped; or a schedule with more between them',
  },
  {
    key: "jobs.backfill.schedule",
    value: "0 0 31 2 *",
    says: 'datasets-server:jobs.backfill.schedule: got "0 0 31 2 *"; expected a schedule with a day that comes: this one never runs',
  },
  {
    key: "services.api.scratch",
    value: "0.0001Mi",
    says: `${service}.scratch: got "0.0001Mi"; expected bytes as 512Mi or 4Gi, at least 1Mi`,
  },
  {
    key: "services.api.resources.limits.cpu",
    value: "99999999",
    says: `${service}.resources.limits.cpu: got "99999999"; expected CPU cores as 2, 0.5 or 500m, above 0`,
  },
  {
    key: "migration.deadlineSeconds",
    value: 60,
    says: "datasets-server:migration.deadlineSeconds: got 60; expected a whole number from 180 to 86400 (seconds)",
  },
  {
    key: "env.COMMON_HF_ENDPOINT",
    value: "https://user:password@huggingface.co",
    says:
      'datasets-server:env.COMMON_HF_ENDPOINT: got "https://user:password@huggingface.co"; expected a URL of a host, ' +
      "such as https://huggingface.co, without user, query and slash at the end",
  },
  {
    key: "env.ASSETS_STORAGE_ROOT",
    value: "bucket/assets\u009b2J/",
    says:
      'datasets-server:env.ASSETS_STORAGE_ROOT: got "bucket/assets\\u{9b}2J/"; expected a bucket and prefix, or a ' +
      "folder, without a slash at the end, such as hf-datasets-server-statics/assets",
  },
  {
    key: "env.COMMON_BLOCKED_DATASETS",
    value: ["lunaluan/*,mcding-org/*"],
    says:
      'datasets-server:env.COMMON_BLOCKED_DATASETS.0: got "lunaluan/*,mcding-org/*"; expected a dataset or a pattern of ' +
      "datasets, such as lunaluan/*",
  },
  {
    key: "env.WORKER_SLEEP_SECS",
    value: 10,
    says: "datasets-server:env.WORKER_SLEEP_SECS: unknown variable; did you mean WORKER_SLEEP_SECONDS?",
  },
  {
    key: "env.WORKER_SLEEP_SECONDS",
    value: "ten",
    says: 'datasets-server:env.WORKER_SLEEP_SECONDS: got "ten"; expected a number above 0 and up to 3600 (seconds)',
  },
  {
    key: "env.PARQUET_AND_INFO_COMMIT_MESSAGE",
    value: "$(HOME)",
    says: `datasets-server:env.PARQUET_AND_INFO_COMMIT_MESSAGE: got "$(HOME)"; expected text of one line in ASCII, without a dollar sign or a URL's password`,
  },
  {
    key: "env.ASSETS_BASE_URL",
    value: "https://example.org/assets",
    says: "datasets-server:env.ASSETS_BASE_URL: derived from ingress.public.host; leave it out",
  },
  {
    key: "workers.heavy.env",
    value: { WORKER_DIFFICULTY_MIN: 3 },
    says: "datasets-server:workers.heavy.env.WORKER_DIFFICULTY_MIN: derived from workers.<pool>.difficulty; leave it out",
  },
  {
    key: "env.COMMON_HF_TOKEN",
    value: "hf_x",
    says: "datasets-server:env.COMMON_HF_TOKEN: a secret; set it with: ds pulumi STACK -- config set --secret datasets-server:hfToken",
  },
  {
    key: "services.api.env",
    value: { ASSETS_STORAGE_ROOT: "bucket/assets" },
    says: "datasets-server:services.api.env.ASSETS_STORAGE_ROOT: must be the same for all workloads; set it in datasets-server:env",
  },
  {
    key: "services.admin.env",
    value: { API_HF_TIMEOUT_SECONDS: 3 },
    says:
      `datasets-server:services.admin.env.API_HF_TIMEOUT_SECONDS: admin does not read it, but ${readersOf("hub-api").join(", ")}; ` +
      "did you mean ADMIN_HF_TIMEOUT_SECONDS?",
  },
  {
    key: "jobs.backfill.env",
    value: { WORKER_SLEEP_SECONDS: 3 },
    says: "datasets-server:jobs.backfill.env.WORKER_SLEEP_SECONDS: backfill does not read it, but workers",
  },
  {
    key: "settings",
    value: { logLevel: "INFO" },
    says: "datasets-server:settings: unknown key; it is env now, with the application's own names of variables",
  },
  {
    key: "nodePools.datasets-server.taint",
    value: "huggingface.co/datasets-server",
    says:
      'datasets-server:nodePools.datasets-server.taint: got "huggingface.co/datasets-server"; expected a taint and its effect, ' +
      "such as huggingface.co/datasets-server:NoSchedule",
  },
  {
    key: "network.egress",
    value: [{ cidr: "10.12.3.0/24", ports: [{ port: 1024, endPort: 1023 }] }],
    says:
      'datasets-server:network.egress.0.ports.0: got {"port":1024,"endPort":1023}; expected a port, or a map with port and endPort, ' +
      "which is not below it",
  },
  {
    key: "network.egress",
    value: [{ cidr: "fd00::/64", ports: [443], from: ["worker-heavi"] }],
    says:
      'datasets-server:network.egress.0.from.0: got "worker-heavi"; expected one of the stack\'s workloads: admin, api, rows, search, ' +
      "sse-api, webhook, worker-heavy, worker-medium, worker-light, backfill, backfill-retryable-errors, cache-metrics-collector, " +
      "post-messages, queue-metrics-collector, mongodb-migration; did you mean worker-heavy?",
  },
  {
    key: "parquetMetadata.subPath",
    value: "../staging",
    says:
      'datasets-server:parquetMetadata.subPath: got "../staging"; expected a folder of the volume, such as ' +
      "datasets-server/prod/",
  },
  {
    key: "parquetMetadata.claim",
    value: "parquet..pvc",
    says: 'datasets-server:parquetMetadata.claim: got "parquet..pvc"; expected the name of a Kubernetes object',
  },
  {
    key: "parquetMetadata.claim",
    value: "p".repeat(300),
    says:
      `datasets-server:parquetMetadata.claim: got "${"p".repeat(80)}…"; expected the name of a Kubernetes object; ` +
      "at most 253 characters",
  },
  {
    key: "namespace.create",
    value: true,
    says:
      "datasets-server:parquetMetadata.create: missing; expected the class and size of the claim, as namespace.create makes " +
      "an empty namespace",
  },
  {
    key: "cluster.account",
    value: 707930574880,
    says: "datasets-server:cluster.account: got 707930574880; expected an AWS account id: 12 digits, in quotes",
  },
  {
    key: "cluster.account",
    value: undefined,
    says: "datasets-server:cluster.account: missing; expected the account that the ARN of hub-prod must have",
  },
  {
    key: "cluster.name",
    value: "hub-ephemeral",
    says: 'datasets-server:cluster.name: got "hub-ephemeral"; expected hub-prod, where stack prod is',
  },
  {
    key: "hfToken",
    value: undefined,
    says: "datasets-server:hfToken: missing; expected a value set by: ds pulumi STACK -- config set --secret",
  },
  {
    key: "checksumKey",
    value: " ",
    says: "datasets-server:checksumKey: got [redacted]; expected a value set by: ds pulumi STACK -- config set --secret",
  },
];

describe("a stack file", () => {
  for (const { key, value, says } of badInputs) {
    it(`is refused when ${key} is ${value === undefined ? "missing" : JSON.stringify(value)}`, async () => {
      const message = await complaint(production(key, value));
      assert.deepEqual(message.split("\n"), [
        "the configuration of stack prod has 1 issue; no changes were made:",
        `  ${says}`,
        `Next: correct them; every key and what it may be: docs/configuration.md#${/:(\w+)/.exec(says)?.[1]}`,
      ]);
    });
  }

  it("is refused with all of its issues at once", async () => {
    const config = {
      ...production("images.tag", "latest"),
      ...{ "datasets-server:replicas": "3", "aws:region": "us-east-1" },
    };
    const message = await complaint(without(config, "datasets-server:hfToken"));
    assert.match(message, /has 4 issues/);
    assert.match(message, /aws:region: is not read by this program/);
    assert.match(message, /datasets-server:replicas: unknown key; expected one of stacks, cluster, /);
    assert.match(message, /datasets-server:images\.tag: got "latest"/);
    assert.match(message, /datasets-server:hfToken: missing/);
  });

  it("is refused for a pull request without a database, a host and a volume of its own", async () => {
    const { "datasets-server:mongodb": _own, "datasets-server:pullRequest": _host, ...rest } = fixtureConfig("pr-7");
    const message = await complaint(rest, "pr-7");
    assert.match(message, /mongodb\.stacks: must name pr-N: pull requests have no other database/);
    assert.match(message, /pullRequest: missing; expected the domain, load balancers and sizes of pull requests/);
  });

  it("is refused for a pull request under a domain, or on a load balancer, that is another's", async () => {
    const file = fixtureConfig("pr-7");
    const changes = { domain: "example.org", loadBalancers: ["hub-datasets-server-staging"], maxOpen: 10 };
    const config = Object.entries(changes).reduce(
      (result, [key, value]) => changed(result, `pullRequest.${key}`, value),
      file,
    );
    const message = await complaint(config, "pr-7");
    assert.match(message, /pullRequest\.domain: got "example\.org"; expected the end of ingress\.public\.host/);
    assert.match(message, /pullRequest\.loadBalancers: got "hub-datasets-server-staging"; expected any but/);
  });

  it("is refused for more environments than AWS lets its load balancers have the rules of, with the number that fits", async () => {
    for (const stack of ["ephemeral", "pr-7"]) {
      const file = fixtureConfig(stack);
      assert.match(
        await complaint(changed(file, "pullRequest.maxOpen", 19), stack),
        /pullRequest\.maxOpen: got 19; expected at most 18: 9 on each of the load balancers, 2, which AWS lets have 100 rules/,
      );
      await stackConfig(stack, { config: changed(file, "pullRequest.maxOpen", 18) });
      // With HTTP served too, each listener has the rules.
      assert.match(
        await complaint(changed(file, "ingress.public.loadBalancer.redirectHttp", false), stack),
        /got 16; expected at most 8: 4 on each .* twice as datasets-server:ingress\.public\.loadBalancer\.redirectHttp is false/,
      );
    }
  });

  it("is refused for a pull request whose volumes are more than its quota", async () => {
    const message = await complaint(changed(fixtureConfig("pr-7"), "pullRequest.quota.storage", "8Gi"), "pr-7");
    assert.match(
      message,
      /quota\.storage: got "8Gi"; expected at least 1Gi for parquet metadata and mongodb\.storage, 8Gi/,
    );
  });

  it("is refused when anything but a secret is encrypted, without a word of its value", async () => {
    const config = { ...production("images.tag", "the-hidden-tag"), "datasets-server:monitoring": "neither" };
    const message = await complaint(config, "prod", ["datasets-server:images"]);
    assert.match(message, /has 2 issues/);
    assert.match(
      message,
      /datasets-server:images: is encrypted, and objects show it in the clear; write it without --secret/,
    );
    assert.doesNotMatch(message, /the-hidden-tag/);
  });

  it("is refused with keys that do something to a terminal, or to an object of JavaScript, and shows them harmlessly", async () => {
    const message = await complaint({
      ...production("services.api.\u001b[2J", 1),
      "datasets-server:constructor": "text",
    });
    assert.match(message, /has 2 issues/);
    assert.match(message, /datasets-server:services\.api\."\\u001b\[2J": unknown key/);
    assert.match(message, /datasets-server:constructor: unknown key/);
  });

  it("is refused without a way to a database", async () => {
    const message = await complaint(production("network.mongo", undefined));
    assert.match(message, /network\.mongo: missing; expected where the external MongoDB is, as stack prod has none/);
  });

  it("is refused for a stack that it does not name", async () => {
    const message = await complaint(fixtureConfig("ephemeral"), "prod");
    assert.match(message, /stacks: the file in use is for ephemeral, pr-N, not for prod; use that stack's own file/);
    assert.match(message, /cluster\.name: got "hub-ephemeral"; expected hub-prod, where stack prod is/);
  });

  describe("of a second production", () => {
    const file = [
      { key: "stacks", value: ["prod-CLUSTER"] },
      { key: "cluster.name", value: "hub-green" },
      { key: "standby", value: true },
      { key: "ingress.public.loadBalancer.name", value: "datasets-server-prod-hub-green" },
      { key: "ingress.internal.loadBalancer.name", value: "ds-prod-hub-green-int" },
    ].reduce((config, { key, value }) => changed(config, key, value), fixtureConfig("prod"));
    const issues = async (key: string, value: unknown, stack?: string) =>
      (await complaint(changed(file, key, value), stack ?? "prod-hub-green")).split("\n").slice(1, -1);

    it("is refused with load balancers of the first, as an account has each name once", async () => {
      assert.deepEqual(await issues("ingress.public.loadBalancer.name", "datasets-server-prod"), [
        '  datasets-server:ingress.public.loadBalancer.name: got "datasets-server-prod"; expected a name with ' +
          "prod-hub-green in it, as an account has each name once",
      ]);
    });

    it("is refused until it says whether this stack or the first runs the scheduled jobs", async () => {
      assert.deepEqual(await issues("standby", undefined), [
        "  datasets-server:standby: missing; expected true until this stack takes over, then false",
      ]);
    });

    it("is refused for another cluster than the one of the stack's name", async () => {
      assert.deepEqual(await issues("cluster.name", "hub-blue"), [
        '  datasets-server:cluster.name: got "hub-blue"; expected hub-green, where stack prod-hub-green is',
      ]);
    });

    it("is refused for the first production", async () => {
      const [pairing, cluster] = await issues("standby", true, "prod");
      assert.match(pairing ?? "", /the file in use is for prod-CLUSTER, not for prod; use that stack's own file/);
      assert.match(cluster ?? "", /got "hub-green"; expected hub-prod, where stack prod is/);
    });
  });

  const taken = ["prod-hub-prod", "prod-hub-ephemeral", "prod-local"];
  const malformed = [
    "prod-",
    "prod-Hub",
    "prod-hub_green",
    "prod-a-cluster-with-a-long-name",
    "pr-0",
    "pr-01",
    "pr--1",
  ];
  for (const stack of [...taken, ...malformed, "production", "pr-1e9", "pr-1000000", "Prod", "toString"]) {
    it(`cannot be for a stack called ${stack}`, async () => {
      const message = await complaint(fixtureConfig("prod"), stack);
      assert.match(
        message,
        new RegExp(`there is no stack ${stack}; expected one of prod, ephemeral, local, pr-N, prod-CLUSTER`),
      );
    });
  }

  describe("with the permission to adopt a Helm release", () => {
    let restore: () => void;
    beforeEach(() => {
      restore = rememberEnvironment();
      process.env.DATASETS_SERVER_ADOPT = "prod";
    });
    afterEach(() => restore());

    it("is refused when it keeps no release's names", async () => {
      const message = await complaint(fixtureConfig("prod"));
      assert.match(
        message,
        /DATASETS_SERVER_ADOPT: got "prod"; expected none, as stack prod has no datasets-server:helm\.release; unset it/,
      );
    });

    it("is refused when it keeps those of another", async () => {
      const message = await complaint(production("helm", { release: "blue" }));
      assert.match(message, /DATASETS_SERVER_ADOPT: got "prod"; expected blue/);
    });

    it("is an error that names the new variable when it is given by the old one", async () => {
      delete process.env.DATASETS_SERVER_ADOPT;
      process.env.DATASETS_SERVER_TAKE_OVER = "prod";
      const message = await complaint(production("helm", { release: "prod" }));
      assert.match(
        message,
        /DATASETS_SERVER_TAKE_OVER: is now called DATASETS_SERVER_ADOPT; set that one, and unset this/,
      );
    });
  });

  describe("with objects that a run may delete", () => {
    let restore: () => void;
    beforeEach(() => {
      restore = rememberEnvironment();
    });
    afterEach(() => restore());

    it("is told of them apart by spaces or commas, by name or by URN, or of all of them", async () => {
      const urn = "urn:pulumi:prod::datasets-server::kubernetes:core/v1:Service::datasets-server-prod-api";
      process.env.DATASETS_SERVER_ALLOW = `Service/datasets-server-prod-api,  ${urn}\nStack/prod`;
      const { allowed } = await stackConfig("prod");
      assert.deepEqual(allowed, ["Service/datasets-server-prod-api", urn, "Stack/prod"]);
    });

    it("is refused when one of them is nothing that a run is kept from deleting", async () => {
      for (const entry of ["datasets-server-prod-api", "ConfigMap/x", "Service/", "Stack/ephemeral", "urn:pulumi:x"]) {
        process.env.DATASETS_SERVER_ALLOW = `Service/api ${entry}`;
        const message = await complaint(fixtureConfig("prod"));
        assert.match(message, /has 1 issue/);
        assert.ok(
          message.includes(
            `DATASETS_SERVER_ALLOW: got "${entry}"; expected an object such as ` +
              "Service/datasets-server-prod-api, of kind Namespace, Deployment, StatefulSet, Service, Ingress, Secret, " +
              "PersistentVolumeClaim, NetworkPolicy, LoadBalancer, its URN, or Stack/prod for all",
          ),
          message,
        );
      }
    });

    it("is refused where every update may do what it does", async () => {
      process.env.DATASETS_SERVER_ALLOW = "Service/datasets-server-local-api";
      const message = await complaint(fixtureConfig("local"), "local");
      assert.match(message, /expected none, as every update of stack local may do what it does; unset it/);
    });
  });

  it("never has a secret's value repeated in an error", async () => {
    const message = await complaint({ ...production("images.tag", "latest"), "datasets-server:hfToken": "" });
    assert.match(message, /hfToken: got \[redacted\]/);
  });
});
