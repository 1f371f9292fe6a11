import { type Cluster, newCluster } from "../support/e2e/cluster";
import { suiteFolder } from "../support/e2e/world";
import { seedOf } from "../support/fuzz";
import { deployPairs } from "../support/fuzz/deployedPairs";

/** Each takes half a minute; `make test-long` deploys 300. */
const count = 5;

describe("a stack file after another", () => {
  let cluster: Cluster;

  before(async () => {
    cluster = await newCluster(await suiteFolder("pairs-cluster"), "fast");
  });
  after(() => cluster.stop());

  const seed = seedOf(process.env.SEED);
  it(`loses no pods and no data, and ends with file and cluster agreeing, ${count} times in turn (SEED=${seed})`, async () => {
    const { deployed, refused } = await deployPairs(cluster, { count, seed });
    console.log(`      ${deployed} deployed, ${refused} refused as no volume shrinks`);
  });
});
