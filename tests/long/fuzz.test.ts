import { z } from "zod";
import { type Cluster, fastPodStages, newCluster } from "../support/e2e/cluster";
import { suiteFolder } from "../support/e2e/world";
import { fuzz } from "../support/fuzz";
import { ApiServer } from "../support/fuzz/apiServer";
import { LongPart } from "../support/long/part";

const mutations = Number(process.env.MUTATIONS || 5000);
/** As many as `make unit` and `make test` try of one seed, so that they repeat a chunk that found something. */
const chunk = 100;

const ends = z.object({ tried: z.number(), refused: z.number(), accepted: z.number(), objects: z.number() });

type Ends = z.infer<typeof ends>;

const part = new LongPart<Ends>({
  name: "fuzz",
  size: { mutations },
  fullSize: { mutations: 5000 },
  steps: Math.ceil(mutations / chunk),
  result: ends,
});
const seeds = Array.from({ length: Math.ceil(mutations / chunk) }, (_, index) => part.seed + index);
const stepOf = (seed: number) => `seed ${seed}`;

describe(`the configuration and what the API server would take: ${part.title}`, () => {
  /** One of its own: the namespaces that it makes are those that other parts have their stacks make. */
  let cluster: Cluster;
  let apiServer: ApiServer;

  before(async () => {
    if (part.isComplete) return;
    cluster = await newCluster(await suiteFolder("fuzz"), await fastPodStages());
    apiServer = await ApiServer.create(cluster.kubernetes);
  });
  after(async () => {
    await cluster?.stop();
    const results = part.results(seeds.map(stepOf));
    const sum = (what: keyof Ends) => results.reduce((total, result) => total + result[what], 0);
    await part.writeFigures([
      {
        what: "mutations of the stack files that end in objects that rules and API server take, or in an error that names a key",
        measured:
          `${sum("tried")}, of which ${sum("refused")} refused and ${sum("accepted")} accepted, with ${sum("objects")} ` +
          `objects dry-run; hundreds without a fault: ${part.score()}`,
        reach: "all",
      },
    ]);
  });

  for (const seed of seeds) {
    it(`hold for ${chunk} mutations of ${stepOf(seed)}`, async function () {
      if (part.isDone(stepOf(seed))) this.skip();
      await part.step(stepOf(seed), async () => {
        const before = apiServer.distinctObjects;
        const tally = await fuzz({ count: chunk, seed, check: (objects) => apiServer.wouldTake(objects) });
        return { ...tally, objects: apiServer.distinctObjects - before };
      });
    });
  }
});
