import assert from "node:assert/strict";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { stackLabel } from "../../catalog/names";
import { type RunResult, run } from "../../tools/run";
import { chartObjectsOfNoStack, installChart, namespace } from "../support/e2e/chartObjects";
import { documentedCommands } from "../support/e2e/document";
import { type Eks, newEksEngine, startEks } from "../support/e2e/eks";
import type { Engine } from "../support/e2e/engine";
import { setEverySecret } from "../support/e2e/secrets";
import { scaleDown, setStackFile } from "../support/e2e/stackFile";
import { identities, labelledObjects, settledPods } from "../support/e2e/workloads";
import { localClusterVariables, suiteFolder } from "../support/e2e/world";

const question = /Is stack prod to come up beside that release, or to adopt its objects in place\?/;
const release =
  /namespace datasets-server has live objects of Helm release prod: Deployment datasets-server\/prod-.* and 6 more/;
const taken = "datasets-server:ingress.public.loadBalancer.name: datasets-server-prod is that of 5: ";

describe("the first deploy of README to prod, beside the live objects of the Helm chart", () => {
  let eks: Eks;
  let engine: Engine;
  let stackFile: string;
  let chart: readonly string[];
  let versions: string;

  before(async () => {
    eks = await startEks("hub-prod", "fast");
    engine = await newEksEngine(eks, "prod", await suiteFolder("first-deploy"));
    stackFile = path.join(engine.folder, "Pulumi.prod.yaml");
    await setEverySecret(engine);
    await scaleDown(stackFile);
    await installChart(administrator(), eks.cluster.kubernetes);
    assert.equal((await chartObjectsOfNoStack(administrator())).length, 52);
    chart = await identities(eks.cluster.kubernetes, namespace);
    versions = await settledVersions();
  });
  after(() => eks.stop());

  /** The same with the rights of the cluster's administrator, for kubectl alone. */
  function administrator(): Engine {
    return engine.with(localClusterVariables(eks.cluster));
  }

  /** Controllers may still write the last status of what was just applied. */
  async function settledVersions(): Promise<string> {
    const [before] = [await chartVersions(), await sleep(5_000)];
    const now = await chartVersions();
    return now === before ? now : settledVersions();
  }

  /** The chart's objects with their resource versions, but for those that the clock or an autoscaler writes to. */
  async function chartVersions(): Promise<string> {
    const columns = "custom-columns=KIND:.kind,NAME:.metadata.name,VERSION:.metadata.resourceVersion";
    const { stdout } = await administrator().shell(`kubectl get -f chart.yaml --no-headers --output ${columns}`);
    return stdout
      .split("\n")
      .filter((line) => !/^(CronJob|HorizontalPodAutoscaler|Job) /.test(line))
      .join("\n");
  }

  /** Runs such as `ds preview prod`, as the deploy role of docs/access.md. */
  function ds(command: string, ...flags: readonly string[]): Promise<RunResult> {
    const args = ["-r", "ts-node/register/transpile-only", "cli/main.ts", command, "prod"];
    return run(process.execPath, [...args, "--workspace", path.dirname(engine.pulumiHome), ...flags], {
      cwd: engine.folder,
      env: { ...engine.environment, CI: "" },
      timeoutMs: 9 * 60_000,
    });
  }

  async function assertUntouched(): Promise<void> {
    assert.deepEqual(await labelledObjects(eks.cluster.kubernetes, "prod"), []);
    assert.deepEqual(await identities(eks.cluster.kubernetes, namespace), chart);
    assert.equal(await chartVersions(), versions);
  }

  it("is a failed check of doctor, which shows what is there and asks which way is meant", async () => {
    const { code, stdout, stderr } = await ds("doctor");
    assert.equal(code, 1, stdout + stderr);
    assert.match(stdout, /failed +Helm release: an update is refused: namespace datasets-server has live objects/);
    assert.match(stdout, question);
    assert.match(stdout, /failed +load balancers: an update is refused: Ingresses that are not stack prod's/);
  });

  it("is warned of by a preview, which shows its plan all the same", async () => {
    const { code, stdout, stderr } = await ds("preview");
    const said = stdout + stderr;
    assert.equal(code, 0, said);
    assert.match(said, /warning: an update of stack prod would harm what runs already, and would fail/);
    assert.match(said, release);
    assert.match(said, question);
    assert.equal(said.match(/would harm what runs already/g)?.length, 1, "the warning comes once");
    assert.match(said, /\+ \d{2,3} to create/);
    await assertUntouched();
  });

  for (const [how, deploy] of Object.entries({
    "ds deploy prod --yes": () => ds("deploy", "--yes", "--no-smoke"),
    "a plain pulumi up": () => engine.up(),
  })) {
    it(`is refused before anything is created, by ${how}`, async () => {
      const { code, stdout, stderr } = await deploy();
      const said = stdout + stderr;
      assert.notEqual(code, 0, said);
      assert.match(said, /this update of stack prod would harm what runs already; no changes were made/);
      assert.match(said, release);
      assert.match(said, question);
      assert.match(said, /config set --type bool datasets-server:standby true/);
      assert.match(said, /config set --path datasets-server:helm\.release prod/);
      assert.ok(said.includes(taken), said);
      assert.doesNotMatch(said, /^\s+at .*:\d+:\d+/m, "shows a stack trace");
      await assertUntouched();
      const registered = (await engine.stateResources()).filter(({ type }) => type.startsWith("kubernetes:"));
      assert.deepEqual(registered, []);
    });
  }

  it("goes on in place, as far as the permission to adopt, once the stack file has helm.release", async () => {
    await setStackFile(stackFile, (set) => set(["helm", "release"], "prod"));
    const { code, stdout, stderr } = await engine.up();
    await setStackFile(stackFile, (set) => set(["helm"], undefined));
    assert.notEqual(code, 0);
    assert.match(stdout + stderr, /49 more of Helm release prod in namespace datasets-server are not stack prod's/);
    assert.doesNotMatch(stdout + stderr, /would harm/);
    await assertUntouched();
  });

  it("is refused on standby too, while it would add rules to the release's load balancers", async () => {
    await setStackFile(stackFile, (set) => set(["standby"], true));
    const { code, stdout, stderr } = await engine.up();
    assert.notEqual(code, 0);
    assert.ok((stdout + stderr).includes(taken), stdout + stderr);
    assert.doesNotMatch(stdout + stderr, question);
    await assertUntouched();
  });

  it("goes on beside the release, on standby and with load balancers of its own, and leaves it as it is", async () => {
    await engine.script(documentedCommands("cutover.md", "Beside, step 1: come up")[0] ?? "");
    const { code, stdout, stderr } = await ds("doctor");
    assert.equal(code, 0, stdout + stderr);
    assert.match(stdout, /^ok +Helm release: /m);
    assert.match(stdout, /^ok +load balancers: /m);
    const preview = await ds("preview");
    assert.equal(preview.code, 0, preview.stdout + preview.stderr);
    assert.doesNotMatch(preview.stdout + preview.stderr, /would harm/);

    const deployed = await ds("deploy", "--yes", "--no-smoke", "--", "--skip-preview");
    assert.equal(deployed.code, 0, deployed.stdout + deployed.stderr);
    await settledPods(eks.cluster.kubernetes, namespace);
    const now = await identities(eks.cluster.kubernetes, namespace);
    assert.deepEqual(
      chart.filter((identity) => !now.includes(identity)),
      [],
    );
    const { items } = await eks.cluster.kubernetes.objects.list("batch/v1", "CronJob", namespace);
    const own = items.filter(({ metadata }) => metadata?.labels?.[stackLabel] === "prod");
    assert.equal(own.length, 5);
    assert.ok(own.every((object) => "spec" in object && Object(object.spec).suspend === true));
    const jobs = (await labelledObjects(eks.cluster.kubernetes, "prod")).filter((object) => object.startsWith("Job "));
    assert.deepEqual(jobs, []);
  });
});
