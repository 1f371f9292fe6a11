import assert from "node:assert/strict";
import fs from "node:fs/promises";
import net from "node:net";
import path from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { serviceNames } from "../../catalog/services";
import { eksKubeconfig } from "../../cluster/eks";
import { type RunResult, run } from "../../tools/run";
import type { EksCluster } from "../support/aws/front";
import { pushImage } from "../support/aws/motoCalls";
import { inAccount } from "../support/e2e/awsAccount";
import { deployRole, type Eks, everyStateVersion, newEksEngine, startEks } from "../support/e2e/eks";
import { eksFailures } from "../support/e2e/eksFailures";
import type { Engine } from "../support/e2e/engine";
import { findLeaks } from "../support/e2e/leaks";
import { previewPlan } from "../support/e2e/plan";
import { setEverySecret } from "../support/e2e/secrets";
import { identities, settledPods } from "../support/e2e/workloads";
import { suiteFolder } from "../support/e2e/world";

const namespace = "datasets-server";
const name = "hub-ephemeral";
const role = deployRole(name);
const stackTrace = /^\s+at .+:\d+:\d+\)?$/m;

describe("stack ephemeral, in an account that lets nobody do more than they need", () => {
  let eks: Eks;
  let engine: Engine;
  let cluster: EksCluster;
  let folder: string;
  let foreign: readonly string[];
  let secrets: readonly string[];

  before(async () => {
    eks = await startEks(name, "fast");
    folder = await suiteFolder("ephemeral");
    engine = await newEksEngine(eks, "ephemeral", folder);
    secrets = [...(await setEverySecret(engine)).values()];
    cluster = eks.aws.clusters.get(name) ?? assert.fail(`${name} is not there`);
    await settledPods(eks.cluster.kubernetes, namespace);
    foreign = await identities(eks.cluster.kubernetes, namespace);
  });
  after(() => eks.stop());

  /** kubectl with the kubeconfig that the program makes for itself. */
  async function kubectl(...args: string[]) {
    const { endpoint, certificateAuthority } = cluster;
    const kubeconfig = path.join(folder, "program-kubeconfig");
    await fs.writeFile(kubeconfig, eksKubeconfig(eks.args, { endpoint, certificateAuthority, namespace }));
    return engine.command("kubectl", "--kubeconfig", kubeconfig, ...args);
  }

  function ds(...words: readonly string[]): Promise<RunResult> {
    const command = ["-r", "ts-node/register/transpile-only", "cli/main.ts", ...words];
    return run(process.execPath, [...command, "--workspace", path.dirname(engine.pulumiHome)], {
      cwd: engine.folder,
      env: engine.environment,
      timeoutMs: 5 * 60_000,
    });
  }

  it("is the assumed role to the API server, which lets it see no node", async () => {
    const whoami = await kubectl("auth", "whoami", "--output", "jsonpath={.status.userInfo.username}");
    const arn = `arn:aws:sts::707930574880:assumed-role/${role}/someone`;
    assert.equal(whoami.stdout, arn, whoami.stderr);
    const nodes = await kubectl("get", "nodes");
    assert.notEqual(nodes.code, 0);
    assert.ok(nodes.stderr.includes(`nodes is forbidden: User "${arn}" cannot list resource "nodes"`), nodes.stderr);
  });

  for (const { is, cause, says } of eksFailures) {
    it(`says what is wrong, and touches nothing, for ${is}`, async () => {
      const failing = await cause(eks, engine);
      const { code, stdout, stderr } = await failing.engine.up();
      await failing.undo();
      const said = stdout + stderr;
      assert.notEqual(code, 0);
      for (const text of says) assert.match(said, text);
      assert.doesNotMatch(said, stackTrace);
      assert.deepEqual(await identities(eks.cluster.kubernetes, namespace), foreign);
    });
  }

  it("comes up with every pod ready by the permissions of docs/access.md, and has then nothing to change", async () => {
    succeeded(await engine.up());
    const pods = await settledPods(eks.cluster.kubernetes, namespace);
    assert.ok(pods.length > serviceNames.length, `only ${pods.length} pods`);
    succeeded(await engine.preview("--expect-no-changes", "--diff"));
  });

  it("runs the digests that `ds deploy` finds in the registry, and a plain update keeps them without asking it", async () => {
    succeeded(await ds("deploy", "ephemeral", "--yes", "--dirty", "--no-smoke"));
    const pods = await settledPods(eks.cluster.kubernetes, namespace);
    const images = pods.flatMap(({ spec }) => spec?.containers.map(({ image = "" }) => image) ?? []);
    const ours = images.filter((image) => image.includes("/hub-datasets-server-"));
    assert.ok(ours.length > serviceNames.length);
    for (const image of ours) assert.match(image, /:sha-59db084@sha256:[0-9a-f]{64}$/);
    succeeded(await engine.preview("--expect-no-changes", "--diff"));
  });

  it("is not deployed unseen when a tag has moved, and shows it in the plan that someone looks at", async () => {
    await pushImage(eks.aws.moto.endpoint, "api", "sha-59db084", "another");
    const { code, stderr } = await ds("deploy", "ephemeral", "--yes", "--dirty", "--no-smoke");
    assert.equal(code, 1);
    assert.match(
      stderr,
      /these tags have moved; no changes were made:\n {2}hub-datasets-server-api: tag sha-59db084 was sha256:/,
    );
    const plan = succeeded(await ds("preview", "ephemeral"));
    assert.match(
      plan.stderr,
      /warning: hub-datasets-server-api: tag sha-59db084 was sha256:\w+, and is sha256:\w+ in the registry now/,
    );
    assert.match(plan.stdout, /image *: "\S+-api:sha-59db084@sha256:\w+" => "\S+-api:sha-59db084@sha256:\w+"/);
    succeeded(await engine.preview("--expect-no-changes", "--diff"));
  });

  it("changes nothing but its own way in when EKS gives the API server another address and other certificates", async () => {
    const { hostname, port } = new URL(cluster.endpoint);
    const forward = net.createServer((socket) => socket.pipe(net.connect(Number(port), hostname)).pipe(socket));
    await new Promise<void>((listening) => forward.listen(0, "127.0.0.1", listening));
    const address = forward.address();
    assert.ok(typeof address === "object" && address !== null);
    const twice = Buffer.from(cluster.certificateAuthority, "base64").toString().repeat(2);
    const endpoint = `https://127.0.0.1:${address.port}`;
    eks.aws.clusters.set(name, { endpoint, certificateAuthority: Buffer.from(twice).toString("base64") });
    const plan = await previewPlan(engine);
    eks.aws.clusters.set(name, cluster);
    forward.close();
    // The provider's kubeconfig, which the state has so that a destroy needs no program.
    assert.deepEqual(plan, { update: ["kubernetes kubernetes"] });
  });

  it("keeps its secrets with a key that the role of hub-prod cannot use", async () => {
    const { encryptedkey } = stackFile.parse(
      parse(await fs.readFile(path.join(engine.folder, "Pulumi.ephemeral.yaml"), "utf8")),
    );
    const file = path.join(folder, "encrypted-key");
    await fs.writeFile(file, Buffer.from(encryptedkey, "base64"));
    const decrypt = [
      "--region",
      "us-east-1",
      "kms",
      "decrypt",
      "--ciphertext-blob",
      `fileb://${file}`,
      "--query",
      "KeyId",
    ];
    succeeded(await engine.command("aws", ...decrypt));
    const other = await (await inAccount(engine, eks.aws, deployRole("hub-prod"))).command("aws", ...decrypt);
    assert.match(
      other.stderr,
      /AccessDeniedException.*datasets-server-hub-prod-deploy.*not authorized to perform: kms:Decrypt/,
    );
  });

  it("leaves what others have there alone when it is destroyed", async () => {
    succeeded(await engine.destroy());
    assert.deepEqual(await engine.stateResources(), []);
    assert.deepEqual(await identities(eks.cluster.kubernetes, namespace), foreign);
  });

  it("keeps every secret out of the bucket and its history, logs and output", async () => {
    const texts = { ...engine.printedTexts(), ...(await everyStateVersion(eks)) };
    for (const secret of secrets) {
      assert.deepEqual(await findLeaks(secret, { folders: [engine.pulumiHome], texts }), []);
    }
  });
});

const stackFile = z.object({ encryptedkey: z.string() });

function succeeded(result: RunResult): RunResult {
  assert.equal(result.code, 0, result.stdout + result.stderr);
  return result;
}
