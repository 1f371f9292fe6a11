import type { Informer, KubernetesObject } from "@kubernetes/client-node";

type Watch = Pick<Informer<KubernetesObject>, "on" | "start" | "stop">;

/**
 * Keeps watches running from before `action` until it has ended.
 *
 * @throws what `action` throws, and when a watch broke or began anew before that and may have missed something.
 */
export async function whileWatching(watches: readonly Watch[], action: () => Promise<unknown>): Promise<void> {
  const failures: unknown[] = [];
  for (const watch of watches) {
    watch.on("error", (error) => failures.push(error));
  }
  await Promise.all(watches.map((watch) => watch.start()));
  for (const watch of watches) {
    watch.on("connect", () => failures.push(new Error("it ended and began anew")));
  }
  let failuresInTime: number;
  try {
    await action();
  } finally {
    // Stopping a watch is reported as one more failure.
    failuresInTime = failures.length;
    await Promise.all(watches.map((watch) => watch.stop()));
  }
  if (failuresInTime > 0) {
    throw new Error("a watch broke and may have missed something", { cause: failures[0] });
  }
}
