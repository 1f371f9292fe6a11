import * as pulumi from "@pulumi/pulumi";
import type { Images } from "../components/workloads/workload";
import type { Config } from "./build";
import { movedTags, recordedDigests } from "./images";
import { recordedOutputs } from "./recordedOutputs";

/**
 * Returns a stack's images with the digests that this run puts into pods: those that `ds` found in the registry, else those that the stack's last
 * update recorded in its outputs. Asks AWS for nothing. Nodes of the local cluster pull no images, so there it asks no one.
 *
 * A preview warns where a tag has moved since it was recorded.
 */
export async function pinImages({ cluster, digests, datasetsServer: { images } }: Config): Promise<Images> {
  if (cluster.kind === "local") return images;
  const recorded = recordedDigests(images, (await recordedOutputs()).images);
  if (pulumi.runtime.isDryRun()) {
    for (const moved of movedTags(images, recorded, digests)) {
      void pulumi.log.warn(`${moved}. Ask who has pushed it before you go on.`);
    }
  }
  return { ...images, digests: { ...recorded, ...digests } };
}
