import assert from "node:assert/strict";
import fs from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import type { Figure } from "../../bench/figures";
import { type Cost, inParallel } from "../support/e2e/costs";
import { EnvironmentUser } from "../support/e2e/environments";
import { removeWithProcesses } from "../support/e2e/removal";
import { setStackFile } from "../support/e2e/stackFile";
import { settledPods } from "../support/e2e/workloads";
import { LongPart, longFolder } from "../support/long/part";

const count = Number(process.env.ENVIRONMENTS || 100);
/** Runs of the engine at a time. */
const atATime = Number(process.env.AT_A_TIME || 2);
/** How many of the first are compared with how many of the last. */
const share = Math.min(10, Math.floor(count / 2));
const highestRatio = 1.3;
const numbers = Array.from({ length: count }, (_, index) => index + 1);
const [firstTag, secondTag] = ["sha-abc1234", "sha-def5678"];
/** Its cluster outlives an interrupted run, so that the next one goes on among the same environments. */
const folder = path.join(longFolder, "environments");

/** Something that is done with each environment. */
interface Phase {
  readonly does: string;
  readonly command: readonly [target: string, ...flags: string[]];
  /** What puts an environment back to where the phase finds it, after a run that was interrupted in the middle. */
  readonly back: readonly [target: string, ...flags: string[]];
}

const phases: readonly Phase[] = [
  { does: "come up", command: ["up", "--image", firstTag], back: ["down"] },
  { does: "are updated", command: ["up", "--image", secondTag], back: ["up", "--image", firstTag] },
  { does: "go down", command: ["down"], back: ["up", "--image", secondTag] },
];

const part = new LongPart<Cost>({
  name: "environments",
  size: { environments: count, "at a time": atATime },
  fullSize: { environments: 100, "at a time": 2 },
  steps: phases.length * count,
  result: z.object({ seconds: z.number(), mebibytes: z.number() }),
});

describe(`environments side by side: ${part.title}`, function () {
  // Each phase needs the one before.
  this.bail(true);
  let user: EnvironmentUser;

  before(async () => {
    if (part.isComplete) return;
    user = (await resumed()) ?? (await created());
    const loadBalancers = Array.from({ length: Math.ceil(count / 9) + 1 }, (_, index) => `pr-${index}`);
    await setStackFile(path.join(user.folder, "Pulumi.local.yaml"), (set) => {
      set(["pullRequest", "loadBalancers"], loadBalancers);
      set(["pullRequest", "maxOpen"], count);
    });
  });
  after(async () => {
    if (part.isComplete) await removeWithProcesses(folder);
    await part.writeFigures(phases.flatMap(figuresOf));
  });

  for (const { does, command, back } of phases) {
    const stepOf = (pr: number) => `${does} ${pr}`;
    const on = (pr: number, [target, ...flags]: Phase["command"]) => [target, String(pr), ...flags] as const;

    it(`${does}, the last as fast and in as little memory as the first`, async () => {
      const isDone = numbers.every((pr) => part.isDone(stepOf(pr)));
      await inParallel(numbers, atATime, async (pr) => {
        if (part.isHalfDone(stepOf(pr))) await user.cost(...on(pr, back));
        return part.step(stepOf(pr), () => user.cost(...on(pr, command)));
      });
      const costs = part.results(numbers.map(stepOf));
      const [time, memory] = [ratioOf(costs, "seconds"), ratioOf(costs, "mebibytes")];
      console.log(`      last ${share} to first ${share}: ${time.text} s, ${memory.text} MiB`);
      for (const { ratio, text } of [time, memory]) assert.ok(ratio <= highestRatio, text);
      if (isDone || does === "go down") return;
      for (const pr of numbers) await settledPods(user.cluster.kubernetes, `datasets-server-pr-${pr}`);
    });
  }

  it("leave nothing", async function () {
    // Of a cluster that was removed when all was done.
    if (!user) this.skip();
    for (const pr of numbers) assert.deepEqual(await user.traces(pr), []);
  });

  async function resumed(): Promise<EnvironmentUser | undefined> {
    const found = part.isBegun ? await EnvironmentUser.resume(folder) : undefined;
    if (found === undefined) part.startAnew("the cluster of the run before is gone");
    return found;
  }

  async function created(): Promise<EnvironmentUser> {
    await removeWithProcesses(folder);
    await fs.mkdir(folder, { recursive: true });
    const fresh = await EnvironmentUser.create(folder);
    await addVolumes(fresh, 2 * count);
    return fresh;
  }
});

function figuresOf({ does }: Phase): Figure[] {
  const costs = part.results(numbers.map((pr) => `${does} ${pr}`));
  if (costs.length < count) return [];
  const reach = `<= ${highestRatio} x`;
  const what = `environments that ${does}, last ${share} to first ${share}`;
  return [
    { what: `${what}: time`, measured: `${ratioOf(costs, "seconds").text} s`, reach },
    { what: `${what}: memory`, measured: `${ratioOf(costs, "mebibytes").text} MiB`, reach },
  ];
}

/** The mean of the last to the mean of the first, and both as a text that wants its unit. */
function ratioOf(costs: readonly Cost[], what: keyof Cost): { ratio: number; text: string } {
  const [first, last] = [mean(costs.slice(0, share), what), mean(costs.slice(-share), what)];
  return { ratio: last / first, text: `${(last / first).toFixed(2)} x, ${last.toFixed(1)} to ${first.toFixed(1)}` };
}

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
