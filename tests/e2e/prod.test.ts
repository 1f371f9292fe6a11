import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import fs from "node:fs/promises";
import path from "node:path";
import { stackLabel } from "../../catalog/names";
import { projectFolder } from "../../cli/lib/project";
import type { RunResult } from "../../tools/run";
import { edit } from "../support/e2e/checkout";
import { deployRole, type Eks, everyStateVersion, newEksEngine, startEks } from "../support/e2e/eks";
import type { Engine } from "../support/e2e/engine";
import { isReady, type Kubernetes, stayingPods } from "../support/e2e/kubernetes";
import { findLeaks } from "../support/e2e/leaks";
import { setEverySecret } from "../support/e2e/secrets";
import { assertRollsInService } from "../support/e2e/stackAvailability";
import { identities } from "../support/e2e/workloads";
import { delayedPodStages, suiteFolder } from "../support/e2e/world";

const namespace = "datasets-server";
const release = "datasets-server-prod";
const name = `${release}-api`;
const pools = ["heavy", "medium", "light"];
const tokenSecret = "datasets-server-hf-token";
const replicas = 20;
const registry = "707930574880.dkr.ecr.us-east-1.amazonaws.com";
const droppedIngress = "Ingress/datasets-server-prod-sse-api-internal";
/** Files of the program that tests change. */
const parts = {
  service: "components/workloads/webService.ts",
  selector: "catalog/names.ts",
  pool: "components/workloads/workerPool.ts",
} as const;
const token = `hf_${randomBytes(24).toString("hex")}`;

describe("stack prod, on a cluster that is not the stack's own, with the permissions of docs/access.md", () => {
  let eks: Eks;
  let engine: Engine;
  let kubernetes: Kubernetes;
  let secrets: readonly string[];
  /** Where the events of a preview are written. */
  let events: string;

  before(async () => {
    eks = await startEks("hub-prod", delayedPodStages);
    kubernetes = eks.cluster.kubernetes;
    const folder = await suiteFolder("prod");
    events = path.join(folder, "events");
    await fs.mkdir(events);
    // A user's own kubeconfig, of a cluster where nothing of ours may go.
    const KUBECONFIG = await kubeconfigOfNowhere(folder);
    engine = (await newEksEngine(eks, "prod", folder)).with({ KUBECONFIG });
  });
  after(() => eks.stop());

  function inCopy(file: string): string {
    return path.join(engine.folder, file);
  }

  function putBack(file: string): Promise<void> {
    return fs.copyFile(path.join(projectFolder, file), inCopy(file));
  }

  it("warns of placeholders in a preview, and refuses them in an update", async () => {
    const placeholder =
      /datasets-server:hfToken: still has the value it was committed with; set it with: ds pulumi prod -- config set --secret/;
    const preview = await engine.preview();
    assert.equal(preview.code, 0, preview.stderr);
    assert.match(preview.stdout, placeholder);
    const update = await engine.up();
    assert.notEqual(update.code, 0);
    assert.match(update.stdout + update.stderr, placeholder);
    assert.deepEqual(await kubernetesResources(engine), []);
    secrets = [...(await setEverySecret(engine, { hfToken: token })).values()];
  });

  it("refuses the ephemeral cluster, before anything is registered", async () => {
    const arn = "arn:aws:eks:us-east-1:707930574880:cluster/hub-ephemeral";
    const cluster = eks.aws.clusters.get("hub-prod");
    assert.ok(cluster);
    eks.aws.clusters.set("hub-prod", { ...cluster, arn });
    const { code, stdout, stderr } = await engine.up();
    eks.aws.clusters.set("hub-prod", cluster);
    assert.notEqual(code, 0);
    assert.ok((stdout + stderr).includes(`the cluster found is ${arn}, but this stack belongs to`), stdout + stderr);
    assert.deepEqual(await kubernetesResources(engine), []);
  });

  it("refuses to adopt an object of others, and leaves it as it is", async () => {
    const before = await kubernetes.core.createNamespacedSecret({
      namespace,
      body: { metadata: { name: tokenSecret }, stringData: { HF_TOKEN: "somebody else's" } },
    });
    for (const refusal of [await engine.preview(), await engine.up()]) {
      assert.notEqual(refusal.code, 0);
      const said = refusal.stdout + refusal.stderr;
      assert.match(
        said,
        /Secret datasets-server\/datasets-server-hf-token already exists and does not belong to a stack/,
      );
      assert.ok(said.includes(`if it is stack prod's own, label it ${stackLabel}=prod; then run again`), said);
    }
    assert.deepEqual(await kubernetes.core.readNamespacedSecret({ namespace, name: tokenSecret }), before);
  });

  it("takes the object over once it has the stack's label, and comes up at full size", async () => {
    const metadata = { name: tokenSecret, namespace, labels: { [stackLabel]: "prod" } };
    await kubernetes.objects.patch({ apiVersion: "v1", kind: "Secret", metadata });
    const { code, stdout, stderr } = await engine.up();
    assert.equal(code, 0, stdout + stderr);
    const { data } = await kubernetes.core.readNamespacedSecret({ namespace, name: tokenSecret });
    assert.equal(Buffer.from(data?.HF_TOKEN ?? "", "base64").toString(), token);
    const pods = await stayingPods(kubernetes, namespace, name);
    assert.equal(pods.length, replicas);
    assert.ok(pods.every(isReady));
  });

  it("has nothing to change when it is previewed again", async () => {
    // Neither its debug lines nor its events may show a secret: see the last test.
    const flags = ["--expect-no-changes", "--diff", "--debug", "--event-log", path.join(events, "unchanged.jsonl")];
    succeeded(await engine.with({ PULUMI_DEBUG_COMMANDS: "true" }).preview(...flags));
  });

  it("says in its state where in the program each object is made", async () => {
    const objects = (await engine.stateResources()).filter(({ type }) => type.startsWith("kubernetes:"));
    const elsewhere = objects.filter(({ sourcePosition }) => !sourcePosition?.startsWith("project:///components/"));
    assert.notEqual(objects.length, 0);
    assert.deepEqual(elsewhere, []);
  });

  it("rolls every pod to a new image: never fewer than 20 of api ready, nor of the others than their rows allow", async () => {
    await engine.configure("images.tag", "sha-0123abc");
    await assertRollsInService(kubernetes, { namespace, release, pools }, async () => {
      const { code, stdout, stderr } = await engine.up();
      assert.equal(code, 0, stdout + stderr);
    });
    const images = (await stayingPods(kubernetes, namespace, name)).map(({ spec }) => spec?.containers[0]?.image);
    assert.deepEqual(images, Array(replicas).fill(`${registry}/hub-datasets-server-api:sha-0123abc`));
  });

  it("refuses an update whose preview deletes or replaces protected objects, and names all of them", async () => {
    await edit(inCopy(parts.service), /serviceIngresses\(args\)/, '(component === "sse-api" ? [] : $&)');
    const selector = /(?<=\[componentLabel\(scope\)\]: objectName\(scope, )component(?=\),)/;
    await edit(inCopy(parts.selector), selector, 'component === "worker-heavy" ? "worker-other" : component');
    await edit(inCopy(parts.pool), /customTimeouts:/, '...(args.pool === "light" && { id: "renamed" }), $&');
    await engine.configure("env.ADMIN_CACHE_REPORTS_NUM_RESULTS", "999");
    const before = await identities(kubernetes, namespace);
    const said = refused(await engine.run("up", "--yes"));
    const heavy = "Deployment/datasets-server-prod-worker-heavy";
    for (const line of [
      `error: ${heavy} would be deleted, and recreated unless this is a destroy: its pods stop: .*`,
      `Next, if it is meant, for one update: ds deploy prod --allow ${heavy}`,
      "error: Deployment/.*-worker-light would be deleted, though the program has it under another URN: .*",
      "Next: give the resource this alias in its options, or take its old name back: urn:.*-worker-light",
      `error: ${droppedIngress} would be deleted: its rules leave the load balancer; .*`,
      "this update would delete 3 protected resources of stack prod; no changes were made",
      `Next, if all of it is meant, for one update: ds deploy prod --allow ${heavy} ${droppedIngress}`,
    ]) {
      assert.match(said, new RegExp(`^ *${line}$`, "m"));
    }
    assert.doesNotMatch(said, /Updating \(prod\)|ConfigMap\/|^\s+at .*:\d+:\d+/m);
    assert.deepEqual(await identities(kubernetes, namespace), before);
  });

  it("deletes none of that without a preview either, and the next update fixes what this one began", async () => {
    const keptObjects = async () =>
      (await identities(kubernetes, namespace)).filter((object) =>
        /^(Deployment|Ingress|Secret|Service) /.test(object),
      );
    await putBack(parts.pool);
    await engine.configure("env.ADMIN_CACHE_REPORTS_NUM_RESULTS", "1000");
    const before = await keptObjects();
    const said = refused(await engine.up());
    assert.match(
      said,
      /failed: Deployment\/datasets-server-prod-worker-heavy would be deleted, and recreated unless this is a destroy: /,
    );
    assert.match(said, /What this update did before stays; the next one goes on from there/);
    assert.deepEqual(await keptObjects(), before);
    await putBack(parts.selector);
    await putBack(parts.service);
    succeeded(await engine.up());
    succeeded(await engine.preview("--expect-no-changes"));
    assert.deepEqual(await keptObjects(), before);
  });

  it("deletes what is allowed for one update, which can be previewed too, and nothing else", async () => {
    await edit(inCopy(parts.service), /serviceIngresses\(args\)/, '(component === "sse-api" ? [] : $&)');
    const allowing = (entry: string) => engine.with({ DATASETS_SERVER_ALLOW: entry });
    const said = refused(await allowing("Ingress/datasets-server-prod-api").preview());
    assert.match(said, new RegExp(`${droppedIngress} would be deleted`));
    succeeded(await allowing(droppedIngress).preview());
    succeeded(await allowing(droppedIngress).run("up", "--yes"));
    const { items } = await kubernetes.networking.listNamespacedIngress({ namespace });
    const names = items.map(({ metadata }) => metadata?.name);
    assert.ok(!names.includes("datasets-server-prod-sse-api-internal") && names.includes(name), names.join(" "));
  });

  it("refuses another scheme of its load balancer, which all its Ingresses have, as one thing with one permission", async () => {
    const before = await identities(kubernetes, namespace);
    await engine.configure("ingress.public.loadBalancer.scheme", "internet-facing");
    const said = refused(await engine.run("up", "--yes"));
    const subject = "LoadBalancer/datasets-server-prod";
    assert.match(
      said,
      new RegExp(`error: ${subject} would change, as scheme internal becomes internet-facing: AWS makes another`),
    );
    assert.match(said, /this update would change 1 protected resource of stack prod; no changes were made/);
    assert.match(said, new RegExp(`for one update: ds deploy prod --allow ${subject}\\n`));
    assert.deepEqual(await identities(kubernetes, namespace), before);
    succeeded(await engine.with({ DATASETS_SERVER_ALLOW: subject }).preview());
    await engine.configure("ingress.public.loadBalancer.scheme", "internal");
  });

  it("is destroyed by no one who does not say so", async () => {
    assert.match(refused(await engine.destroy()), /You must run with the `--run-program` flag/);
    assert.match(refused(await engine.run("destroy", "--yes", "--run-program")), /ds deploy prod --allow Stack\/prod/);
  });

  it("leaves the namespace and what others have in it alone when it is destroyed", async () => {
    succeeded(await engine.with({ DATASETS_SERVER_ALLOW: "Stack/prod" }).destroy("--run-program"));
    assert.deepEqual(await engine.stateResources(), []);
    const { status } = await kubernetes.core.readNamespace({ name: namespace });
    assert.equal(status?.phase, "Active");
    const configMaps = (await kubernetes.core.listNamespacedConfigMap({ namespace })).items;
    const deployments = (await kubernetes.apps.listNamespacedDeployment({ namespace })).items;
    const names = [...configMaps, ...deployments].map(({ metadata }) => metadata?.name);
    assert.deepEqual(names, ["kube-root-ca.crt", "somebody-elses", "somebody-elses"]);
  });

  it("asked EKS for nothing but hub-prod, as the role that deploys there", () => {
    const role = eks.aws.calls.filter(({ principal }) => principal === deployRole("hub-prod"));
    const asked = new Set(role.filter(({ action }) => action.startsWith("eks:")).map(({ resource }) => resource));
    assert.deepEqual(asked, new Set(["arn:aws:eks:us-east-1:707930574880:cluster/hub-prod"]));
    const others = new Set(eks.aws.calls.filter((call) => !role.includes(call)).map(({ action }) => action));
    assert.deepEqual(others, new Set(["sts:AssumeRole"]));
  });

  it("keeps every secret out of the bucket and its history, logs, events and output", async () => {
    assert.match(await fs.readFile(path.join(events, "unchanged.jsonl"), "utf8"), /"resOutputsEvent"/);
    const texts = { ...engine.printedTexts(), ...(await everyStateVersion(eks)) };
    for (const secret of secrets) {
      assert.deepEqual(await findLeaks(secret, { folders: [engine.pulumiHome, events], texts }), []);
    }
  });

  it("has Pulumi's own log of each update encrypted, with the key that opens the stack's secrets", async () => {
    const folder = path.join(engine.pulumiHome, "logs");
    const ofStack = (await fs.readdir(folder)).filter((file) => file.includes("+prod-"));
    assert.notEqual(ofStack.length, 0);
    for (const file of ofStack) {
      const log = await fs.readFile(path.join(folder, file));
      assert.equal(log.subarray(0, 4).toString(), "PLOG", file);
    }
  });
});

function succeeded({ code, stdout, stderr }: RunResult): void {
  assert.equal(code, 0, stdout + stderr);
}

/** What a run said that has to fail. */
function refused({ code, stdout, stderr }: RunResult): string {
  assert.notEqual(code, 0, stdout + stderr);
  return stdout + stderr;
}

async function kubernetesResources(engine: Engine): Promise<string[]> {
  const resources = await engine.stateResources();
  return resources.map(({ type }) => type).filter((type) => /kubernetes/.test(type));
}

async function kubeconfigOfNowhere(folder: string): Promise<string> {
  const file = path.join(folder, "users-own-kubeconfig");
  const cluster = { name: "elsewhere", cluster: { server: "https://127.0.0.1:1" } };
  const context = { name: "elsewhere", context: { cluster: "elsewhere", user: "elsewhere" } };
  const content = {
    apiVersion: "v1",
    kind: "Config",
    "current-context": "elsewhere",
    clusters: [cluster],
    contexts: [context],
    users: [{ name: "elsewhere", user: {} }],
  };
  await fs.writeFile(file, JSON.stringify(content));
  return file;
}
