import { z } from "zod";
import { newCluster } from "../support/e2e/cluster";
import { suiteFolder } from "../support/e2e/world";
import { deployPairs } from "../support/fuzz/deployedPairs";
import { LongPart } from "../support/long/part";

const pairs = Number(process.env.PAIRS || 300);
/** As many as `make test` deploys of one seed, so that it repeats a chunk that found something. */
const chunk = 20;

const ends = z.object({ deployed: z.number(), refused: z.number() });

const part = new LongPart<z.infer<typeof ends>>({
  name: "pairs",
  size: { pairs },
  fullSize: { pairs: 300 },
  steps: Math.ceil(pairs / chunk),
  result: ends,
});
const seeds = Array.from({ length: Math.ceil(pairs / chunk) }, (_, index) => part.seed + index);
const stepOf = (seed: number) => `seed ${seed}`;

describe(`a stack file after another: ${part.title}`, () => {
  after(async () => {
    const results = part.results(seeds.map(stepOf));
    const sum = (what: keyof z.infer<typeof ends>) => results.reduce((total, result) => total + result[what], 0);
    await part.writeFigures([
      {
        what: "pairs of stack files of local, deployed in turn, that lose no pods and no data, and end with file and cluster agreeing",
        measured: `${sum("deployed")} deployed, ${sum("refused")} refused as no volume shrinks; twenties without a fault: ${part.score()}`,
        reach: "all",
      },
    ]);
  });

  for (const seed of seeds) {
    it(`loses no pods and no data, ${chunk} times in turn of ${stepOf(seed)}`, async function () {
      if (part.isDone(stepOf(seed))) this.skip();
      // One each: what a failed one has left is nothing to the next, and volumes are not made again.
      const cluster = await newCluster(await suiteFolder(`pairs-${seed}`), "fast");
      try {
        await part.step(stepOf(seed), () => deployPairs(cluster, { count: chunk, seed }));
      } finally {
        await cluster.stop();
      }
    });
  }
});
