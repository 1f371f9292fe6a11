import assert from "node:assert/strict";
import path from "node:path";
import { type Cost, inParallel } from "../support/e2e/costs";
import { EnvironmentUser } from "../support/e2e/environments";
import { setStackFile } from "../support/e2e/stackFile";
import { settledPods } from "../support/e2e/workloads";
import { suiteFolder } from "../support/e2e/world";

const count = Number(process.env.ENVIRONMENTS || 100);
/** Runs of the engine at a time. */
const atATime = Number(process.env.AT_A_TIME || 2);
/** How many of the first are compared with how many of the last. */
const share = Math.min(10, Math.floor(count / 2));
const highestRatio = 1.3;
const numbers = Array.from({ length: count }, (_, index) => index + 1);

describe(`${count} environments, ${atATime} at a time`, () => {
  let user: EnvironmentUser;

  before(async () => {
    user = await EnvironmentUser.create(await suiteFolder("many-environments"));
    const loadBalancers = Array.from({ length: Math.ceil(count / 15) + 1 }, (_, index) => `pr-${index}`);
    await setStackFile(path.join(user.folder, "Pulumi.local.yaml"), (set) => {
      set(["pullRequest", "loadBalancers"], loadBalancers);
      set(["pullRequest", "maxOpen"], count);
    });
    await addVolumes(user, 2 * count);
  });
  after(() => user?.cluster.stop());

  const steps: Readonly<Record<string, (pr: number) => Promise<Cost>>> = {
    "come up": (pr) => user.cost("pr-up", "--pr", String(pr), "--image-tag", "sha-abc1234"),
    "are updated": (pr) => user.cost("pr-up", "--pr", String(pr), "--image-tag", "sha-def5678"),
    "go down": (pr) => user.cost("pr-down", "--pr", String(pr)),
  };
  for (const [does, step] of Object.entries(steps)) {
    it(`${does}, the last as fast and in as little memory as the first`, async () => {
      const costs = await inParallel(numbers, atATime, step);
      for (const [what, unit] of [
        ["seconds", "s"],
        ["mebibytes", "MiB"],
      ] as const) {
        const [first, last] = [mean(costs.slice(0, share), what), mean(costs.slice(-share), what)];
        console.log(
          `      ${what}: first ${share} ${first.toFixed(1)} ${unit}, last ${share} ${last.toFixed(1)} ${unit}`,
        );
        assert.ok(last <= highestRatio * first, `${what}: ${last} is more than ${highestRatio} times ${first}`);
      }
      if (does === "go down") return;
      for (const pr of numbers) await settledPods(user.cluster.kubernetes, `datasets-server-pr-${pr}`);
    });
  }

  it("leave nothing", async () => {
    for (const pr of numbers) assert.deepEqual(await user.traces(pr), []);
  });
});

function mean(costs: readonly Cost[], what: keyof Cost): number {
  return costs.reduce((sum, cost) => sum + cost[what], 0) / costs.length;
}

/** A cluster of ours has volumes for some stacks only, and gives none a second time. */
async function addVolumes({ cluster: { kubernetes } }: EnvironmentUser, more: number): Promise<void> {
  const [template] = (await kubernetes.core.listPersistentVolume()).items;
  for (let index = 0; index < more; index++) {
    const { storageClassName, capacity, accessModes, hostPath } = template?.spec ?? {};
    await kubernetes.core.createPersistentVolume({
      body: { metadata: { name: `more-${index}` }, spec: { storageClassName, capacity, accessModes, hostPath } },
    });
  }
}
