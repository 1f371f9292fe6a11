import type { CoreV1Event, V1Pod } from "@kubernetes/client-node";
import { z } from "zod";
import { causeOf, type KubernetesClient, kubernetesClient } from "../../cluster/kubernetesClient";
import { objectText } from "../../cluster/liveObjects";
import { errorText, UserError } from "../../cluster/userError";
import { type Engine, stateOf } from "../lib/engine";
import { type Deployed, readDeployed } from "../state/deployed";
import { openStore } from "../state/store";
import { UpdateFailed } from "../state/update";
import { asNext, nextSteps } from "./nextSteps";
import { eventTexts, logSource, reasons, tellingPod } from "./unready";

/** How many lines of a log are shown, the last. */
const logLines = 20;

/** More is not waited for: the update has failed already; milliseconds. */
const limitMs = 20_000;

/** What runs pods and has to be ready for an update to succeed. */
const workloadKinds = z.enum(["Deployment", "StatefulSet", "Job"]);

const workload = z.object({
  apiVersion: z.string(),
  kind: workloadKinds,
  metadata: z.object({ name: z.string(), namespace: z.string() }),
});

const count = z.number().default(0);

const liveWorkload = workload.extend({
  spec: z.object({
    replicas: z.number().default(1),
    selector: z.object({ matchLabels: z.record(z.string(), z.string()) }),
  }),
  status: z
    .object({
      unavailableReplicas: count,
      updatedReplicas: count,
      readyReplicas: count,
      succeeded: count,
      failed: count,
    })
    .prefault({}),
});

type Workload = z.infer<typeof workload>;
type LiveWorkload = z.infer<typeof liveWorkload>;

/**
 * Runs an update of a stack. Where Pulumi fails, it shows beside Pulumi's own words why workloads are not ready, and the error
 * has the next step of each cause that is known.
 */
export async function explained<T>(engine: Engine, stack: string, change: () => Promise<T>): Promise<T> {
  try {
    return await change();
  } catch (error) {
    if (!(error instanceof UpdateFailed)) throw error;
    const seen = await explainUnready(engine, stack);
    for (const line of seen) console.error(line);
    const next = asNext(nextSteps(stack, error.said, seen));
    throw next === undefined ? error : new UserError(error.message, next, { cause: error });
  }
}

/**
 * Returns why workloads of a stack are not ready, in lines: of each that is not, one pod with its conditions, its events and
 * the last lines of its log. Never throws, as it comes after a failure: where it cannot look, it says so.
 */
export async function explainUnready(engine: Engine, stack: string): Promise<string[]> {
  const tooLate = new Promise<string[]>((resolve) =>
    setTimeout(resolve, limitMs, ["the cluster was not asked why: no answer in 20 s"]).unref(),
  );
  const look = async () => {
    const deployed = await readDeployed(await openStore(stateOf(engine)), stack);
    return unreadyTexts(deployed, await kubernetesClient(deployed.cluster)());
  };
  return Promise.race([
    tooLate,
    look().catch((error: unknown) => [`the cluster was not asked why: ${errorText(error)}`]),
  ]);
}

async function unreadyTexts({ inputs }: Deployed, client: KubernetesClient): Promise<string[]> {
  const workloads = inputs.filter(({ kind }) => isWorkloadKind(kind)).map((object) => workload.parse(object));
  const namespace = workloads[0]?.metadata.namespace;
  if (namespace === undefined) return [];
  const { items: events } = await client.core.listNamespacedEvent({ namespace });
  const texts = await Promise.all(workloads.map((object) => workloadTexts(object, events, client)));
  return texts.flat();
}

async function workloadTexts(
  object: Workload,
  events: readonly CoreV1Event[],
  client: KubernetesClient,
): Promise<string[]> {
  const { namespace } = object.metadata;
  const live = liveWorkload.safeParse(await client.objects.read(object).catch(() => undefined)).data;
  const lack = live && unready(live);
  if (live === undefined || lack === undefined) return [];
  const labelSelector = Object.entries(live.spec.selector.matchLabels).map(([key, value]) => `${key}=${value}`);
  const { items: pods } = await client.core.listNamespacedPod({ namespace, labelSelector: labelSelector.join(",") });
  const pod = tellingPod(pods);
  const about = (name: string, exact: boolean) =>
    events.filter(({ involvedObject }) =>
      exact ? involvedObject.name === name : involvedObject.kind !== "Pod" && involvedObject.name?.startsWith(name),
    );
  const own = eventTexts(about(object.metadata.name, false));
  const head = `why ${objectText(object)} is not ready (${lack})`;
  if (pod === undefined) return [`${head}: it has no pod`, ...own.map(indent)];
  const name = pod.metadata?.name ?? "";
  return [
    `${head}: pod ${name}`,
    ...[...own, ...reasons(pod, about(name, true)), ...(await logTexts(pod, client))].map(indent),
  ];
}

async function logTexts(pod: V1Pod, { core, isForbidden }: KubernetesClient): Promise<string[]> {
  const source = logSource(pod);
  const { name = "", namespace = "" } = pod.metadata ?? {};
  if (source === undefined) return [];
  try {
    const log = await core.readNamespacedPodLog({ name, namespace, ...source, tailLines: logLines });
    const lines = log.trimEnd().split("\n");
    return [
      `last lines of container ${source.container}${source.previous ? ", before it was started again" : ""}:`,
      ...lines.map(indent),
    ];
  } catch (error) {
    const why = isForbidden(error) ? "this identity may not read it" : causeOf(error);
    return [
      `its log is not here (${why}): kubectl logs ${name} -c ${source.container}${source.previous ? " --previous" : ""} -n ${namespace}`,
    ];
  }
}

/** What a workload lacks, in words; undefined when it is ready. */
function unready({ kind, spec, status }: LiveWorkload): string | undefined {
  if (kind === "Job") return status.succeeded > 0 ? undefined : `${status.failed} of its pods failed`;
  // While a rollout adds a pod before it takes one away, one of before is available, and says nothing of the new one.
  const updated = Math.max(0, status.updatedReplicas - status.unavailableReplicas);
  const ready = kind === "Deployment" ? updated : status.readyReplicas;
  return ready < spec.replicas ? `${ready} of ${spec.replicas} pods` : undefined;
}

function isWorkloadKind(kind: string): boolean {
  return workloadKinds.safeParse(kind).success;
}

function indent(line: string): string {
  return `  ${line}`;
}
