import { makeInformer, type V1Pod } from "@kubernetes/client-node";
import { isReady, type Kubernetes } from "./kubernetes";
import { whileWatching } from "./watching";

/** What a watch saw of the pods of one app. */
export interface Rolled {
  /** Pods that were there before and are gone, those gone without a successor included. */
  readonly gone: number;
  readonly before: number;
  readonly after: number;
  /** What happened first: a pod was made, or one was told to end. */
  readonly first: "made" | "ended";
  /** The most pods that were missing, or not ready yet, at the same time. */
  readonly mostAtOnce: number;
  readonly fewestReady: number;
  /** From the first pod that was made or told to end to the last one that became ready; seconds. */
  readonly seconds: number;
}

/** One pod as it was made, ended or became ready, in the order in which the API server tells. */
interface Happening {
  readonly app: string;
  readonly what: "made" | "ended" | "ready" | "succeeded";
  readonly at: number;
}

export interface Watched {
  /** Apps of whose pods one was made or told to end, by the label `app`. */
  readonly rolled: Readonly<Record<string, Rolled>>;
  /** All that happened, in order, the pods of CronJobs left out. */
  readonly happenings: readonly Happening[];
}

/** Watches the pods of a namespace from before `action` until it has ended. */
export async function watchRollouts(
  { config, core }: Kubernetes,
  namespace: string,
  action: () => Promise<unknown>,
): Promise<Watched> {
  const pods = makeInformer(config, `/api/v1/namespaces/${namespace}/pods`, () =>
    core.listNamespacedPod({ namespace }),
  );
  const happenings: Happening[] = [];
  const states = new Map<string, Pick<Happening, "app" | "what">>();
  const counts = new Map<string, { mostAtOnce: number; fewestReady: number }>();
  let before: readonly (readonly [string, string])[] = [];
  const staying = () =>
    [...states].map(([uid, { app, what }]) => ({ uid, app, what })).filter(({ what }) => what !== "ended");
  const countOf = (app: string, ready?: true) =>
    staying().filter((pod) => pod.app === app && (!ready || pod.what === "ready")).length;

  const look = (pod: V1Pod) => {
    const { uid = "", labels = {}, ownerReferences = [], deletionTimestamp } = pod.metadata ?? {};
    const app = labels.app ?? "";
    const owner = ownerReferences[0]?.name ?? "";
    // The Jobs of the clock have the name of their CronJob and a number.
    if (ownerReferences[0]?.kind === "Job" && /-\d{8}$/.test(owner)) return;
    const what =
      deletionTimestamp !== undefined
        ? "ended"
        : pod.status?.phase === "Succeeded"
          ? "succeeded"
          : isReady(pod)
            ? "ready"
            : "made";
    const known = states.get(uid);
    if (known?.what === what || (known?.what === "ready" && what === "made")) return;
    states.set(uid, { app, what });
    happenings.push({ app, what, at: Date.now() });
    const count = counts.get(app);
    const initial = before.filter(([, of]) => of === app).length;
    const ready = countOf(app, true);
    const unready = countOf(app) - ready;
    counts.set(app, {
      mostAtOnce: Math.max(count?.mostAtOnce ?? 0, unready, initial - ready),
      fewestReady: Math.min(count?.fewestReady ?? initial, ready),
    });
  };
  await whileWatching([pods], async () => {
    for (const pod of pods.list()) look(pod);
    happenings.length = 0;
    counts.clear();
    before = staying().map(({ uid, app }) => [uid, app] as const);
    pods.on("add", look);
    pods.on("update", look);
    await action();
  });
  const rolled = [...counts.keys()].map((app) => {
    const ofApp = happenings.filter((happening) => happening.app === app);
    const started = ofApp.find(({ what }) => what !== "ready");
    const last = ofApp.filter(({ what }) => what === "ready").at(-1) ?? started;
    return [
      app,
      {
        gone: before.filter(([uid, of]) => of === app && states.get(uid)?.what === "ended").length,
        before: before.filter(([, of]) => of === app).length,
        after: countOf(app),
        first: started?.what === "ended" ? "ended" : "made",
        ...(counts.get(app) ?? { mostAtOnce: 0, fewestReady: 0 }),
        seconds: ((last?.at ?? 0) - (started?.at ?? 0)) / 1000,
      },
    ] as const;
  });
  return { rolled: Object.fromEntries(rolled), happenings };
}
