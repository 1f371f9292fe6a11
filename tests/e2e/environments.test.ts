import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import fs from "node:fs/promises";
import path from "node:path";
import { stackLabel } from "../../catalog/names";
import { albPrefix } from "../../policy/loadBalancer";
import type { RunResult } from "../../tools/run";
import { workspacePaths } from "../../tools/workspace";
import { EnvironmentUser } from "../support/e2e/environments";
import { randomFractions } from "../support/e2e/randomness";
import { setStackFile } from "../support/e2e/stackFile";
import { identities, settledPods } from "../support/e2e/workloads";
import { suiteFolder } from "../support/e2e/world";

const tag = "sha-abc1234";
const kills = 3;
const seed = Number(process.env.SEED || randomInt(2 ** 31));

describe("environments of pull requests", () => {
  let user: EnvironmentUser;
  let checkout: ReadonlyMap<string, string>;
  /** How long an environment takes to come up; milliseconds. */
  let upMs: number;

  before(async () => {
    user = await EnvironmentUser.create(await suiteFolder("environments"));
    checkout = await user.checkout();
    // A stack of another sort in the same state, which no command here may touch.
    await user.engine("local").init();
  });
  after(() => user?.cluster.stop());

  const up = (pr: number, ...flags: readonly string[]) => user.ds("up", String(pr), "--image", tag, ...flags);
  const down = (pr: number) => user.ds("down", String(pr));
  const neighbours = async () => [await identitiesOf(1), await identitiesOf(2)];
  const identitiesOf = (pr: number) => identities(user.cluster.kubernetes, `datasets-server-pr-${pr}`);
  const namespace = (pr: number) => user.cluster.kubernetes.core.readNamespace({ name: `datasets-server-pr-${pr}` });

  describe("side by side", () => {
    it("come up, each in its own namespace", async () => {
      const started = Date.now();
      for (const result of await Promise.all([up(1), up(2)])) succeeded(result);
      upMs = Date.now() - started;
      for (const pr of [1, 2]) {
        const pods = await settledPods(user.cluster.kubernetes, `datasets-server-pr-${pr}`);
        assert.ok(pods.length > 8, `only ${pods.length} pods`);
      }
    });
  });

  describe("of which one lives", () => {
    const about = ["--title", `It's "new" & $HOME`, "--author", "ada", "--head-sha", "0123abc", "--ttl", "12h"];

    it("comes up with what is known of it in its namespace, in its outputs and in the list", async () => {
      const before = await neighbours();
      succeeded(await up(3, ...about));
      const { metadata } = await namespace(3);
      const known = Object.entries(metadata?.annotations ?? {}).filter(([key]) => key.startsWith("datasets-server"));
      const {
        "datasets-server.huggingface.co/expires": expires = "",
        "datasets-server.huggingface.co/first-order": firstOrder = "",
        "datasets-server.huggingface.co/load-balancer": loadBalancer = "",
        ...rest
      } = Object.fromEntries(known);
      assert.deepEqual(rest, {
        "datasets-server.huggingface.co/author": "ada",
        "datasets-server.huggingface.co/head-sha": "0123abc",
        "datasets-server.huggingface.co/image-tag": tag,
        "datasets-server.huggingface.co/title": `It's "new" & $HOME`,
      });
      const hours = (Date.parse(expires) - Date.now()) / 3_600_000;
      assert.ok(hours > 11.8 && hours <= 12, expires);
      const { pullRequest } = Object(await user.engine("pr-3").outputs());
      assert.equal(pullRequest.expires, expires);
      assert.match(loadBalancer, /^datasets-server-local-pr-[ab]$/);
      assert.deepEqual([pullRequest.loadBalancer, pullRequest.firstOrder], [loadBalancer, firstOrder]);
      const { stdout } = succeeded(await user.ds("list"));
      assert.match(stdout, new RegExp(`3 +${tag} +0123abc +ada +${expires}`));
      assert.deepEqual(await neighbours(), before);
    });

    it("rolls to another image, and has its time start again, next to others that do not notice", async () => {
      const before = await neighbours();
      const expires = async () =>
        (await namespace(3)).metadata?.annotations?.["datasets-server.huggingface.co/expires"];
      const first = await expires();
      succeeded(await up(3, "--image", "sha-def5678"));
      const pods = await settledPods(user.cluster.kubernetes, "datasets-server-pr-3");
      const images = pods.map(({ spec }) => spec?.containers[0]?.image).filter((image) => image?.includes("hub-"));
      assert.ok(images.length >= 8 && images.every((image) => image?.endsWith(":sha-def5678")), images.join(" "));
      assert.ok(Date.parse((await expires()) ?? "") > Date.parse(first ?? ""));
      assert.deepEqual(await neighbours(), before);
    });

    it("stays where it is when the list of load balancers changes, also in a plain preview, and is refused without its own", async () => {
      const file = path.join(user.folder, "Pulumi.local.yaml");
      const text = await fs.readFile(file, "utf8");
      const list = (...names: readonly string[]) =>
        setStackFile(file, (set) => set(["pullRequest", "loadBalancers"], names));
      const places = async () => {
        const { items } = await user.cluster.kubernetes.networking.listNamespacedIngress({
          namespace: "datasets-server-pr-3",
        });
        const of = (name: string) => items.map(({ metadata }) => metadata?.annotations?.[`${albPrefix}${name}`]);
        return [of("group.name"), of("group.order")];
      };
      const before = await places();
      const [[own = ""] = []] = before;
      const other = ["datasets-server-local-pr-a", "datasets-server-local-pr-b"].find((name) => name !== own) ?? "";
      try {
        await list("datasets-server-local-pr-new", other, own);
        const flags = ["--stack", "pr-3", "--config-file", file, "--non-interactive", "--expect-no-changes"];
        await user.engine("pr-3").command("pulumi", "preview", ...flags);
        succeeded(await up(3, "--image", "sha-def5678"));
        assert.deepEqual(await places(), before);
        await list("datasets-server-local-pr-new", other);
        const { code, stderr } = await up(3, "--image", "sha-def5678");
        assert.equal(code, 1);
        assert.match(
          stderr,
          new RegExp(`pullRequest\\.loadBalancers: lacks ${own}, where pr-3 is as long as it lives`),
        );
      } finally {
        await fs.writeFile(file, text);
      }
    });

    it("lets two updates at once happen one after the other, or says who is at it", async () => {
      const results = await Promise.all([up(3, "--image", "sha-0000001"), up(3, "--image", "sha-0000002")]);
      const refused = results.filter(({ code }) => code !== 0);
      assert.ok(refused.length < 2, results.map(({ stderr }) => stderr).join("\n"));
      for (const { stderr } of refused)
        assert.match(stderr, /stack pr-3 is locked by \S+@\S+ .*; no changes were made/);
      const { stdout } = succeeded(await user.ds("list"));
      assert.match(stdout, /3 +sha-000000[12] /);
    });

    it("goes without a trace, next to others that do not notice", async () => {
      const before = await neighbours();
      const { stdout } = succeeded(await down(3));
      assert.match(stdout, /pr-3: its 6 Ingresses first[\s\S]*nothing is left of pr-3/);
      assert.deepEqual(await user.traces(3), []);
      assert.deepEqual(await neighbours(), before);
    });
  });

  describe("of which something is left", () => {
    randomFractions(kills, seed).forEach((moment, index) => {
      const after = index % 2 === 0 ? "removed" : "brought up, and removed";
      it(`can be ${after} when their start was killed (SEED=${seed}, kill ${index + 1})`, async () => {
        await user.killed(1_000 + moment * upMs, "up", "4", "--image", tag);
        await user.unlock(4);
        if (index % 2 === 1) succeeded(await up(4));
        succeeded(await down(4));
        assert.deepEqual(await user.traces(4), []);
      });
    });

    it("go by their namespace when there is no stack, if its label says that it is theirs", async () => {
      const { core } = user.cluster.kubernetes;
      await core.createNamespace({
        body: { metadata: { name: "datasets-server-pr-5", labels: { [stackLabel]: "pr-5" } } },
      });
      await core.createNamespace({ body: { metadata: { name: "datasets-server-pr-6" } } });
      assert.match(succeeded(await down(5)).stdout, /removed Namespace datasets-server-pr-5/);
      assert.deepEqual(await user.traces(5), []);
      assert.match(succeeded(await down(6)).stdout, /datasets-server-pr-6 does not have the label .* was left/);
      assert.equal((await namespace(6)).status?.phase, "Active");
    });
  });

  describe("that are swept", () => {
    it("stay in a dry run", async () => {
      const { stdout } = succeeded(await user.ds("sweep", "--open", "2 7", "--dry-run"));
      assert.match(stdout, /pr-1 would go: its pull request is not open/);
      assert.match(stdout, /pr-2 stays until/);
      await namespace(1);
    });

    it("go when closed, and with a damaged state; one that is open and damaged is named", async () => {
      const stateOf = (stack: string) =>
        path.join(workspacePaths(user.workspace).state, ".pulumi/stacks/datasets-server", `${stack}.json`);
      const [intact, other] = [await fs.readFile(stateOf("pr-2")), await fs.readFile(stateOf("local"))];
      for (const stack of ["pr-1", "pr-2"]) await fs.truncate(stateOf(stack), 1_000);
      const before = await identitiesOf(2);
      const { code, stdout, stderr } = await user.ds("sweep", "--open", "2");
      assert.equal(code, 1, stdout + stderr);
      assert.match(stderr, /1 need attention:\n {2}pr-2: its state is damaged: .*pr-2\.json/);
      assert.deepEqual(await user.traces(1), []);
      assert.deepEqual(await identitiesOf(2), before);
      await fs.writeFile(stateOf("pr-2"), intact);
      assert.deepEqual(await fs.readFile(stateOf("local")), other);
    });

    it("go when their time is over, and nothing is left but the stack that is no pull request's", async () => {
      await user.engine("pr-2").shell("pulumi stack tag set pr:expires 2026-01-01T00:00:00Z --stack pr-2");
      const { stdout } = succeeded(await user.ds("sweep"));
      assert.match(stdout, /pr-2 goes: its time was over/);
      assert.deepEqual(await user.traces(2), []);
      assert.notDeepEqual(await fs.readdir(workspacePaths(user.workspace).state, { recursive: true }), []);
      assert.deepEqual(await user.checkout(), checkout);
    });
  });
});

function succeeded(result: RunResult): RunResult {
  assert.equal(result.code, 0, result.stdout + result.stderr);
  return result;
}
