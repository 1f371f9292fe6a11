import type { CoreV1Event, V1Condition, V1ContainerStatus, V1Pod } from "@kubernetes/client-node";

/** How many events of a pod are shown, the latest. */
const mostEvents = 5;

/** Which container's log says why a pod is not ready. */
export interface LogSource {
  readonly container: string;
  /** Whether the run before the present one is meant, which has ended. */
  readonly previous: boolean;
}

/** Returns the pod that says most of why others like it are not ready: one that failed or waits, the newest first. */
export function tellingPod(pods: readonly V1Pod[]): V1Pod | undefined {
  const rank = (pod: V1Pod) => {
    if (isReady(pod) || pod.status?.phase === "Succeeded") return 3;
    if (pod.metadata?.deletionTimestamp !== undefined) return 2;
    return containersOf(pod).some((container) => endedBadly(container) || container.state?.waiting) ? 0 : 1;
  };
  const age = (pod: V1Pod) => pod.metadata?.creationTimestamp?.getTime() ?? 0;
  const [first] = pods.filter((pod) => rank(pod) < 3).sort((a, b) => rank(a) - rank(b) || age(b) - age(a));
  return first;
}

/** Returns what a pod's status and events say of why it is not ready, a line each. */
export function reasons(pod: V1Pod, events: readonly CoreV1Event[]): string[] {
  return [
    ...(pod.status?.conditions ?? []).filter(({ status }) => status !== "True").map(conditionText),
    ...containersOf(pod).flatMap(containerTexts),
    ...eventTexts(events),
  ];
}

/** Returns which log to read: that of a container that ended badly, or of the first that is not ready but has begun. */
export function logSource(pod: V1Pod): LogSource | undefined {
  const containers = containersOf(pod);
  const ended = containers.find(endedBadly);
  if (ended !== undefined) return { container: ended.name, previous: ended.state?.terminated === undefined };
  const unready = containers.find(({ ready, state }) => !ready && state?.running !== undefined);
  return unready && { container: unready.name, previous: false };
}

/** Returns the latest events that warn, each once with how often, the earliest first. */
export function eventTexts(events: readonly CoreV1Event[]): string[] {
  const time = ({ lastTimestamp, eventTime, firstTimestamp }: CoreV1Event) =>
    (lastTimestamp ?? eventTime ?? firstTimestamp)?.getTime() ?? 0;
  const counts = new Map<string, number>();
  for (const event of events.filter(({ type }) => type === "Warning").sort((a, b) => time(a) - time(b))) {
    const text = `${event.reason}: ${oneLine(event.message)}`;
    const before = counts.get(text) ?? 0;
    // Put at the end again: the last time counts.
    counts.delete(text);
    counts.set(text, before + (event.count ?? 1));
  }
  return [...counts].slice(-mostEvents).map(([text, times]) => (times > 1 ? `${text} (${times} times)` : text));
}

function containersOf({ status }: V1Pod): V1ContainerStatus[] {
  return [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
}

function isReady({ status }: V1Pod): boolean {
  return (status?.conditions ?? []).some((condition) => condition.type === "Ready" && condition.status === "True");
}

function endedBadly({ state, lastState }: V1ContainerStatus): boolean {
  const ended = state?.terminated ?? lastState?.terminated;
  return ended !== undefined && ended.exitCode !== 0;
}

function conditionText({ type, status, reason, message }: Pick<V1Condition, "type" | "status"> & Said): string {
  return `${type} is ${status}${said({ reason, message })}`;
}

function containerTexts({ name, state, lastState }: V1ContainerStatus): string[] {
  const ended = state?.terminated ?? lastState?.terminated;
  return [
    ...(state?.waiting ? [`container ${name} waits${said(state.waiting)}`] : []),
    ...(ended && ended.exitCode !== 0
      ? [`container ${name} ended with exit code ${ended.exitCode}${said(ended)}`]
      : []),
  ];
}

interface Said {
  readonly reason?: string | undefined;
  readonly message?: string | undefined;
}

function said({ reason, message }: Said): string {
  return [reason, message && oneLine(message)].flatMap((part) => (part ? [`: ${part}`] : [])).join("");
}

function oneLine(text = ""): string {
  return text.trim().replace(/\s+/g, " ");
}
