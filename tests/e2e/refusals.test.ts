import assert from "node:assert/strict";
import fs from "node:fs/promises";
import path from "node:path";
import { type Document, parseDocument } from "yaml";
import type { RunResult } from "../../tools/run";
import type { Engine } from "../support/e2e/engine";
import { localClusterVariables, newEngine, suiteFolder } from "../support/e2e/world";

/** One fault in a stack file, and what the user has to read about it. */
interface Fault {
  readonly is: string;
  /** The keys below `config:` and what they are set to; undefined removes one. */
  readonly change: readonly (readonly [keys: readonly string[], value: unknown])[];
  readonly says: readonly string[];
}

const api = ["datasets-server:services", "api"];
const tagAllowed = '"sha-" followed by 7 to 40 hex digits, such as sha-59db084';
const replicasAllowed = "a whole number from 0 to 500 (pods)";
const cpuAllowed = "CPU cores as 2, 0.5 or 500m, above 0";

const faults: readonly Fault[] = [
  {
    is: "no token",
    change: [[["datasets-server:hfToken"], undefined]],
    says: ["datasets-server:hfToken: missing; expected a value set by: ds pulumi STACK -- config set --secret"],
  },
  {
    is: "a token in plain text",
    change: [[["datasets-server:hfToken"], "hf_plain_text"]],
    says: [
      "datasets-server:hfToken: must be encrypted; set it with: ds pulumi local -- config set --secret datasets-server:hfToken",
    ],
  },
  {
    is: "an unknown key",
    change: [[["datasets-server:replicas"], 3]],
    says: ["datasets-server:replicas: unknown key; expected one of stacks, cluster, namespace, "],
  },
  {
    is: "an unknown key inside another",
    change: [[[...api, "replica"], 3]],
    says: ["datasets-server:services.api.replica: unknown key; did you mean replicas?"],
  },
  {
    is: "a key of another program",
    change: [[["kubernetes:context"], "production"]],
    says: ["kubernetes:context: is not read by this program; its keys start with datasets-server:"],
  },
  {
    is: "a value of the wrong type",
    change: [[[...api, "replicas"], "many"]],
    says: [`datasets-server:services.api.replicas: got "many"; expected ${replicasAllowed}`],
  },
  {
    is: "-1 replicas",
    change: [[[...api, "replicas"], -1]],
    says: [`datasets-server:services.api.replicas: got -1; expected ${replicasAllowed}`],
  },
  {
    is: "1.5 replicas",
    change: [[[...api, "replicas"], 1.5]],
    says: [`datasets-server:services.api.replicas: got 1.5; expected ${replicasAllowed}`],
  },
  {
    is: "an image tag that moves",
    change: [[["datasets-server:images", "tag"], "latest"]],
    says: [`datasets-server:images.tag: got "latest"; expected ${tagAllowed}`],
  },
  {
    is: "a host that is no DNS name",
    change: [[["datasets-server:ingress", "public", "host"], "Datasets_Server"]],
    says: [`datasets-server:ingress.public.host: got "Datasets_Server"; expected a DNS name of lower-case labels`],
  },
  {
    is: "a memory request above its limit",
    change: [[[...api, "resources", "requests", "memory"], "2Gi"]],
    says: [`datasets-server:services.api.resources.requests.memory: got "2Gi"; expected at most the limit, 1Gi`],
  },
  {
    is: "CPU in words",
    change: [[[...api, "resources", "limits", "cpu"], "1 core"]],
    says: [`datasets-server:services.api.resources.limits.cpu: got "1 core"; expected ${cpuAllowed}`],
  },
  {
    is: "an address that only the pod itself reaches",
    change: [[[...api, "listenAddress"], "localhost"]],
    says: [`datasets-server:services.api.listenAddress: got "localhost"; expected one of 0.0.0.0, ::`],
  },
  {
    is: "an encrypted value that was damaged",
    change: [[["datasets-server:hfToken", "secure"], "v1:AAAAAAAAAAAAAAAA:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"]],
    says: ["cipher: message authentication failed"],
  },
  {
    is: "several issues, all told at once",
    change: [
      [[...api, "replicas"], -1],
      [["datasets-server:images", "tag"], "latest"],
      [["datasets-server:hfToken"], "hf_plain_text"],
    ],
    says: [
      "the configuration of stack local has 3 issues; no changes were made",
      "services.api.replicas: got -1",
      'images.tag: got "latest"',
      "hfToken: must be encrypted",
    ],
  },
];

describe("an update is refused, and nothing is touched", () => {
  let engine: Engine;
  let folder: string;
  let stackFile: string;
  let original: string;

  before(async () => {
    folder = await suiteFolder("refusals");
    engine = await newEngine("local", folder);
    stackFile = path.join(engine.folder, "Pulumi.local.yaml");
    original = await fs.readFile(stackFile, "utf8");
  });
  afterEach(() => fs.writeFile(stackFile, original));

  async function assertRefused(
    on: Engine,
    { code, stdout, stderr }: RunResult,
    says: readonly string[],
  ): Promise<void> {
    const said = stdout + stderr;
    assert.notEqual(code, 0, said);
    for (const text of says) {
      assert.ok(said.includes(text), `does not say\n${text}\nbut\n${said}`);
    }
    assert.doesNotMatch(said, /^\s+at .*:\d+:\d+/m, "shows a stack trace");
    const touched = (await on.stateResources()).filter(({ type }) => type !== "pulumi:pulumi:Stack");
    assert.deepEqual(touched, []);
  }

  for (const { is, change, says } of faults) {
    it(`for ${is}`, async () => {
      await fs.writeFile(stackFile, changed(parseDocument(original), change));
      await assertRefused(engine, await engine.up(), says);
    });
  }

  it("for a wrong passphrase", async () => {
    const locked = engine.with({ PULUMI_CONFIG_PASSPHRASE: "wrong" });
    await assertRefused(locked, await locked.up(), ["incorrect passphrase"]);
  });

  it("for a stack that is not there to be", async () => {
    const stranger = engine.forStack("staging");
    await stranger.init();
    await assertRefused(stranger, await stranger.up(), [
      "there is no stack staging; expected one of prod, ephemeral, local, pr-N, prod-CLUSTER",
    ]);
  });

  it("for another stack's file", async () => {
    const prod = engine.forStack("prod");
    await prod.init();
    await assertRefused(prod, await prod.up("--config-file", "Pulumi.ephemeral.yaml"), [
      "datasets-server:stacks: the file in use is for ephemeral, pr-N, not for prod; use that stack's own file",
      'datasets-server:cluster.name: got "hub-ephemeral"; expected hub-prod, where stack prod is',
    ]);
  });

  it("for a local cluster that was never started", async () => {
    await assertRefused(engine, await engine.up(), ["the local cluster is not there", "Next: ds up"]);
  });

  it("for a local cluster that has stopped", async () => {
    const kubeconfig = path.join(folder, "stopped-kubeconfig");
    const cluster = { name: "datasets-server-local", cluster: { server: "https://127.0.0.1:1" } };
    await fs.writeFile(kubeconfig, JSON.stringify({ apiVersion: "v1", kind: "Config", clusters: [cluster] }));
    const stopped = engine.with(localClusterVariables({ kubeconfig }));
    await assertRefused(stopped, await stopped.up(), [
      "cannot reach the Kubernetes API server https://127.0.0.1:1",
      "Next: ds up, as the local cluster is down",
    ]);
  });
});

function changed(file: Document, change: Fault["change"]): string {
  for (const [keys, value] of change) {
    if (value === undefined) {
      file.deleteIn(["config", ...keys]);
    } else {
      file.setIn(["config", ...keys], value);
    }
  }
  return file.toString();
}
