import assert from "node:assert/strict";
import fs from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { BatchV1Api } from "@kubernetes/client-node";
import { z } from "zod";
import type { Figure } from "../../bench/figures";
import { stackLabel } from "../../catalog/names";
import { assertNeverBelow, watchAvailability } from "../support/e2e/availability";
import { fastPodStages } from "../support/e2e/cluster";
import { freeze, restart } from "../support/e2e/clusterFaults";
import { FaultyStack, succeeded } from "../support/e2e/faults";
import { rolledOut } from "../support/e2e/kubernetes";
import { randomFractions } from "../support/e2e/randomness";
import { suiteFolder } from "../support/e2e/world";
import { LongPart } from "../support/long/part";

const kills = Number(process.env.KILLS || 30);
const namespace = "datasets-server";
/** What Deployments with this image do is said in stages/failing.yaml. */
const tagWithoutImage = "sha-badbad2";
/** About how long an update takes, and one from nothing; milliseconds. */
const [updateMs, fromNothingMs] = [15_000, 30_000];
/** Every so many kills one is of an update from nothing. */
const everyFromNothing = 5;

/** Something that goes wrong once, with what the runbook says to do about it, up to an update that ends well. */
const faults: Readonly<Record<string, (stack: FaultyStack) => Promise<void>>> = {
  "the API server dies and is back after 10 s": async (stack) => {
    await updateDuring(stack, () => restart(stack.user.workspace, "kube-apiserver", 10_000));
    succeeded(await stack.engine.up());
  },
  "the API server hangs for 20 s": async (stack) => {
    await updateDuring(stack, () => freeze(stack.user.workspace, "kube-apiserver", 20_000));
    succeeded(await stack.engine.up());
  },
  "etcd is slow": async (stack) => {
    await updateDuring(stack, async () => {
      for (let round = 0; round < 10; round++) {
        await freeze(stack.user.workspace, "etcd", 2_000);
        await sleep(500);
      }
    });
    succeeded(await stack.engine.up());
  },
  "the disk with its state is full": async (stack) => {
    await stack.change();
    const { size } = await fs.stat(stack.stateFile);
    // Any file that grows over the limit is refused, which takes no rights; unlike on a full disk, smaller files are not.
    const limited = `ulimit -f ${Math.floor(size / 2 / 512)}; exec pulumi up --yes --skip-preview --stack local --non-interactive`;
    const { code, stdout, stderr } = await stack.engine.command("sh", "-c", limited);
    assert.notEqual(code, 0);
    assert.match(stdout + stderr, /file too large/);
    // The engine may have cut off its state there and then, and its lock may still be there.
    await stack.unlock();
    succeeded(await stack.user.dsLocal("restore"));
    succeeded(await stack.engine.up());
  },
  "its state is cut off": async (stack) => {
    await stack.change();
    await fs.truncate(stack.stateFile, 10_000);
    assert.notEqual((await stack.engine.up()).code, 0);
    succeeded(await stack.user.dsLocal("restore"));
    succeeded(await stack.engine.up());
  },
  "it is killed, and its state and the copy of that are cut off": async (stack) => {
    await stack.killUpdate(updateMs / 2, "all");
    await stack.unlock();
    for (const file of [stack.stateFile, `${stack.stateFile}.bak`]) await fs.truncate(file, 10_000);
    succeeded(await stack.user.dsLocal("restore"));
    succeeded(await stack.engine.up());
  },
  "its state is gone with every copy": async (stack) => {
    const states = path.join(stack.engine.stateFolder, ".pulumi");
    for (const folder of ["stacks", "history", "backups"]) {
      await fs.rm(path.join(states, folder, "datasets-server"), { recursive: true, force: true });
    }
    const { code, stderr } = await stack.user.dsLocal("restore");
    assert.notEqual(code, 0);
    assert.match(stderr, /none of 1 earlier states of stack local can be read/);
    await stack.engine.init();
    await stack.engine.shell(`kubectl delete jobs --namespace ${namespace} -l ${stackLabel}=local`);
    succeeded(await stack.engine.up());
  },
  "objects are deleted and edited by hand meanwhile": async (stack) => {
    const { networking, policy, objects, config } = stack.user.cluster.kubernetes;
    await updateDuring(stack, async () => {
      // Each of another kind. None that pods need: without an account, a rollout waits for its deadline.
      await networking.deleteNamespacedIngress({ namespace, name: "datasets-server-local-rows" });
      await policy.deleteNamespacedPodDisruptionBudget({ namespace, name: "datasets-server-local-admin" });
      await config
        .makeApiClient(BatchV1Api)
        .deleteNamespacedCronJob({ namespace, name: "datasets-server-local-backfill" });
      const metadata = { name: "datasets-server-local-api", namespace };
      const edited = { apiVersion: "apps/v1", kind: "Deployment", metadata, spec: { replicas: 5 } };
      await objects.patch(edited, undefined, undefined, "somebody");
    });
    succeeded(await stack.user.dsUp("--refresh"));
  },
  "its image cannot be pulled": async (stack) => {
    const { kubernetes } = stack.user.cluster;
    const service = "datasets-server-local-api";
    await stack.engine.configure("images.tag", tagWithoutImage);
    // Its rollout of several waves would be given twice the time of any other, and the update ends with the last.
    await stack.engine.configure("workers.heavy.startupSeconds", "20");
    const seen = await watchAvailability(kubernetes, { namespace, services: [service] }, async () => {
      const { code, stdout, stderr } = await stack.engine.up();
      assert.notEqual(code, 0);
      assert.match(stdout + stderr, /ImagePullBackOff.*Back-off pulling image/);
      // An image that is there, and a setting.
      await stack.change();
      await stack.change();
      succeeded(await stack.engine.up());
      await rolledOut(kubernetes, namespace, service);
    });
    const { spec } = await kubernetes.apps.readNamespacedDeployment({ namespace, name: service });
    assertNeverBelow({ [service]: spec?.replicas ?? 0 }, seen);
  },
};

/** Where secrets were found after a step. */
const result = z.object({ leaks: z.array(z.string()) });

const killed = new LongPart({
  name: "killed-updates",
  size: { kills },
  fullSize: { kills: 30 },
  steps: kills,
  result,
});
const others = new LongPart({
  name: "faults",
  size: { faults: Object.keys(faults).length },
  fullSize: { faults: Object.keys(faults).length },
  steps: Object.keys(faults).length,
  result,
});

describe("stack local", () => {
  let stack: FaultyStack | undefined;

  /** The stack that all steps share; another one after a step that failed, which may have left anything. */
  async function deployed(): Promise<FaultyStack> {
    if (stack === undefined) {
      const failing = path.join(__dirname, "../support/stages/failing.yaml");
      const suite = await suiteFolder(`faults-${Date.now()}`);
      stack = await FaultyStack.create(suite, [...(await fastPodStages()), failing]);
      succeeded(await stack.engine.up());
    }
    return stack;
  }

  afterEach(async function () {
    if (this.currentTest?.state !== "failed") return;
    await stack?.user.cluster.stop();
    stack = undefined;
  });
  after(async () => {
    await stack?.user.cluster.stop();
    await killed.writeFigures(figures(killed, "`pulumi up` killed at random moments, then unlocked"));
    await others.writeFigures(figures(others, "updates with another fault, then what the runbook says"));
  });

  describe(`killed while it is updated: ${killed.title}`, () => {
    randomFractions(kills, killed.seed).forEach((moment, index) => {
      const step = `kill ${index + 1}`;
      const fromNothing = index % everyFromNothing === 0;

      it(`${step}: converges${fromNothing ? ", from nothing" : ""}`, async function () {
        if (killed.isDone(step)) this.skip();
        const { leaks } = await killed.step(step, async () => {
          const stack = await deployed();
          if (fromNothing) succeeded(await stack.engine.destroy());
          const afterMs = 1_000 + moment * (fromNothing ? fromNothingMs : updateMs);
          await stack.killUpdate(afterMs, index % 2 === 0 ? "engine" : "all");
          await stack.unlockAndUp();
          return { leaks: await stack.assertWhole() };
        });
        assert.deepEqual(leaks, []);
      });
    });
  });

  describe(`updated with a fault: ${others.title}`, () => {
    for (const [fault, happens] of Object.entries(faults)) {
      it(`converges when ${fault}`, async function () {
        if (others.isDone(fault)) this.skip();
        const { leaks } = await others.step(fault, async () => {
          const stack = await deployed();
          await happens(stack);
          return { leaks: await stack.assertWhole() };
        });
        assert.deepEqual(leaks, []);
      });
    }
  });
});

function figures(part: typeof others, what: string): Figure[] {
  const leaks = part.allResults().flatMap((step) => step.leaks);
  return [
    { what: `${what}: converges`, measured: part.score(), reach: "all" },
    { what: `${what}: leaks of a secret into state, logs and output`, measured: String(leaks.length), reach: "0" },
  ];
}

/** Has something happen a few seconds into an update, which may fail of it. */
async function updateDuring(stack: FaultyStack, happens: () => Promise<void>): Promise<void> {
  await stack.change();
  await Promise.all([stack.engine.up(), sleep(updateMs / 5).then(happens)]);
}
