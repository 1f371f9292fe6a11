import { isDeepStrictEqual } from "node:util";
import { parseQuantity } from "../../catalog/quantity";
import type { Surge } from "../../catalog/rollouts";
import { ingressAnnotations } from "../../components/traffic/ingress";
import { missingPods, podsAtOnce, rolloutBudget } from "../../components/workloads/rollout";
import { autoscalerOf, fixedPods, type Inventory, takeInventory } from "../../policy/inventory";
import { inQuota, mostInQuota } from "../../policy/rules/quota";
import type { KubernetesObject, PodTemplate } from "../../policy/shapes";

type Inputs = Readonly<Record<string, unknown>>;

/** An object of a plan, changed or not, as the state holds it and as the program wants it. */
export interface PlannedObject {
  /** Absent for a new object. */
  readonly before?: Inputs;
  /** Absent for one that goes. */
  readonly after?: Inputs;
  /** Whether it is deleted and made anew. */
  readonly replaced: boolean;
  /** Paths of the properties that differ, as Pulumi names them. */
  readonly touched: readonly string[];
}

/** A number that an autoscaler decides within bounds; without one, both are the same. */
export interface Range {
  readonly fewest: number;
  readonly most: number;
}

/** How the pods of a workload are replaced: new ones are ready before old ones end, or the other way round, or all at once. */
type Order = "new first" | "old first" | "all at once";

/** What a plan does to the pods of a Deployment or StatefulSet. */
export interface WorkloadForecast {
  readonly kind: string;
  readonly name: string;
  readonly before: Range;
  readonly after: Range;
  /** Pods that restart: each ends, and another one takes its place. */
  readonly restarts: Range;
  readonly order: Order;
  /** How many pods are replaced at the same time. */
  readonly atOnce: Range;
  /** How many pods are ready at any time, at least. */
  readonly ready: Range;
  /** When Kubernetes calls its rollout failed; seconds. */
  readonly deadlineSeconds: number;
}

export interface JobForecast {
  readonly name: string;
  /** When Kubernetes stops it. Default: never; seconds. */
  readonly deadlineSeconds?: number;
}

/** Requests of the pods on nodes with a label, jobs aside; cores and bytes. */
export interface NodePoolForecast {
  /** Empty for pods that may run on any node without a taint. */
  readonly label: string;
  readonly before: Requests;
  readonly after: Requests;
}

interface Requests {
  readonly cpu: Range;
  readonly memory: Range;
}

/** What a quota of the namespace allows, and what is used of it while every Deployment rolls and every job runs. */
export interface QuotaForecast {
  /** Such as requests.cpu. */
  readonly name: string;
  /** Pods, cores or bytes. */
  readonly hard: number;
  readonly used: number;
}

/** What a plan does to what runs. */
export interface Forecast {
  /** Those whose pods restart, or whose number of pods changes. */
  readonly workloads: readonly WorkloadForecast[];
  /** How many other workloads there are: none of their pods restarts. */
  readonly undisturbed: number;
  /** Jobs that run now, one after another, before the pods of new versions start. */
  readonly jobs: readonly JobForecast[];
  /** Scheduled jobs whose next run is another one than before. */
  readonly scheduledJobs: readonly string[];
  /** Addresses that clients cannot use any more, and new ones. */
  readonly addresses: { readonly gone: readonly string[]; readonly added: readonly string[] };
  /** Those whose requests change. */
  readonly nodePools: readonly NodePoolForecast[];
  readonly quota: readonly QuotaForecast[];
}

/**
 * Returns what a plan does to what runs, of all objects of the stack.
 *
 * @throws for an object that does not have the shape of its kind.
 */
export function forecast(planned: readonly PlannedObject[]): Forecast {
  // Pulumi's order is another one each time.
  const objects = [...planned].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  const before = inventoryOf(objects.map(({ before }) => before));
  const after = inventoryOf(objects.map(({ after }) => after));
  const ofKind = (kind: string) => objects.filter((object) => (object.after ?? object.before)?.kind === kind);
  const running = [...ofKind("StatefulSet"), ...ofKind("Deployment")].map((it) => workloadForecast(it, before, after));
  const workloads = running.filter((it) => it.restarts.most > 0 || !isDeepStrictEqual(it.before, it.after));
  const jobs = ofKind("Job").filter((job) => job.after && (job.before === undefined || job.replaced));
  return {
    workloads,
    undisturbed: running.length - workloads.length,
    jobs: jobs.map((job) => jobForecast(job, after)),
    scheduledJobs: ofKind("CronJob")
      .filter((job) => job.after && !isDeepStrictEqual(job.before?.spec, job.after.spec))
      .map(nameOf),
    addresses: difference(addressesOf(before), addressesOf(after)),
    nodePools: nodePools(before, after),
    quota: quota(after),
  };
}

/** Returns how long a plan takes at most, when all Deployments roll side by side; seconds. */
export function mostSeconds({ workloads, jobs }: Forecast): number {
  const longest = (kind: string) =>
    Math.max(0, ...workloads.filter((it) => it.kind === kind).map(({ deadlineSeconds }) => deadlineSeconds));
  const running = jobs.reduce((sum, { deadlineSeconds = 0 }) => sum + deadlineSeconds, 0);
  return longest("StatefulSet") + running + longest("Deployment");
}

/** Reads the objects that run, or that say how many run and where they are reached. */
function inventoryOf(objects: readonly (Inputs | undefined)[]): Inventory {
  const read = objects.filter((object) => readKinds.has(String(object?.kind)));
  return takeInventory(read, { stack: "", namespace: "", internalHosts: [], externalClaims: [] });
}

const readKinds: ReadonlySet<string> = new Set([
  "CronJob",
  "Deployment",
  "HorizontalPodAutoscaler",
  "Ingress",
  "Job",
  "ResourceQuota",
  "Service",
  "StatefulSet",
]);

/** How the pods of a workload are, and how they roll. */
interface Rollout {
  readonly pods: Range;
  readonly surge: Surge;
  readonly recreates: boolean;
  /** When Kubernetes calls the rollout failed, or would; seconds. */
  readonly deadlineSeconds: number;
}

const noPods: Range = { fewest: 0, most: 0 };

function workloadForecast(planned: PlannedObject, before: Inventory, after: Inventory): WorkloadForecast {
  const [was, is] = [rolloutOf(planned.before, before), rolloutOf(planned.after, after)];
  const [podsBefore, podsAfter] = [was?.pods ?? noPods, is?.pods ?? noPods];
  const staying = both(podsBefore, podsAfter, Math.min);
  const workload = { kind: String((planned.after ?? planned.before)?.kind), name: nameOf(planned) };
  const counts = { before: podsBefore, after: podsAfter, deadlineSeconds: is?.deadlineSeconds ?? 0 };
  if (!is || !hasOtherPods(planned)) {
    return { ...workload, ...counts, restarts: noPods, order: "new first", atOnce: noPods, ready: staying };
  }
  if (planned.replaced || is.recreates) {
    return { ...workload, ...counts, restarts: staying, order: "all at once", atOnce: staying, ready: noPods };
  }
  const missing = each(podsAfter, (pods) => missingPods(is.surge, pods));
  return {
    ...workload,
    ...counts,
    restarts: staying,
    order: missing.most === 0 ? "new first" : "old first",
    atOnce: each(podsAfter, (pods) => Math.min(pods, podsAtOnce(is.surge, pods))),
    ready: both(
      podsBefore,
      both(podsAfter, missing, (pods, less) => Math.max(0, pods - less)),
      Math.min,
    ),
  };
}

/** Whether the template of its pods is another, by what the program wants or by what is live. */
function hasOtherPods({ before, after, replaced, touched }: PlannedObject): boolean {
  const template = (inputs: Inputs | undefined) => Object(inputs?.spec).template;
  const isTouched = touched.some((path) => path.startsWith("spec.template"));
  return replaced || isTouched || !isDeepStrictEqual(template(before), template(after));
}

function rolloutOf(inputs: Inputs | undefined, inventory: Inventory): Rollout | undefined {
  const isThis = ({ kind, metadata }: KubernetesObject) => inputs?.kind === kind && nameIn(inputs) === metadata.name;
  const deployment = inventory.deployments.find(isThis);
  if (deployment) {
    const { strategy, progressDeadlineSeconds } = deployment.spec;
    const { maxSurge, maxUnavailable } = strategy.rollingUpdate;
    return {
      pods: podsOf(deployment, inventory),
      surge: { maxSurge: share(maxSurge), maxUnavailable: share(maxUnavailable) },
      recreates: strategy.type === "Recreate",
      deadlineSeconds: progressDeadlineSeconds,
    };
  }
  const statefulSet = inventory.statefulSets.find(isThis);
  if (!statefulSet) return undefined;
  const { replicas, template } = statefulSet.spec;
  const { terminationGracePeriodSeconds } = template.spec;
  // Kubernetes gives it no deadline: the same sum as a Deployment's that replaces its pods one by one.
  const surge: Surge = { maxSurge: 0, maxUnavailable: 1 };
  const start = { startupSeconds: startupSeconds(template), minReadySeconds: 0, terminationGracePeriodSeconds };
  const { progressDeadlineSeconds } = rolloutBudget({ replicas, surge, ...start });
  return { pods: podsOf(statefulSet, inventory), surge, recreates: false, deadlineSeconds: progressDeadlineSeconds };
}

function podsOf(object: KubernetesObject, inventory: Inventory): Range {
  const { minReplicas, maxReplicas } = autoscalerOf(inventory, object)?.spec ?? {};
  const fixed = fixedPods(inventory, object);
  return { fewest: minReplicas ?? fixed, most: maxReplicas ?? fixed };
}

function share(amount: number | string): Surge["maxSurge"] {
  return typeof amount === "number" ? amount : `${Number.parseFloat(amount)}%`;
}

/** How long Kubernetes lets a pod start; seconds. */
function startupSeconds({ spec }: PodTemplate): number {
  const starts = spec.containers.map(({ startupProbe }) =>
    startupProbe ? startupProbe.initialDelaySeconds + startupProbe.failureThreshold * startupProbe.periodSeconds : 0,
  );
  return Math.max(0, ...starts);
}

function jobForecast(job: PlannedObject, { jobs }: Inventory): JobForecast {
  const name = nameOf(job);
  const deadline = jobs.find(({ metadata }) => metadata.name === name)?.spec.activeDeadlineSeconds;
  return { name, ...(deadline !== undefined && { deadlineSeconds: deadline }) };
}

/** What clients are told of: paths at hosts, the load balancers behind these, and the stack's Services within the cluster. */
function addressesOf({ ingresses, services }: Inventory): string[] {
  return [
    ...ingresses.flatMap(({ metadata, spec }) =>
      spec.rules.flatMap(({ host = "", http }) => [
        ...http.paths.map(({ path }) => `https://${host}${path}`),
        `${host} at load balancer ${metadata.annotations[ingressAnnotations.name] ?? "of the controller's choice"}`,
      ]),
    ),
    ...services.flatMap(({ metadata: { name, namespace }, spec }) =>
      spec.ports.map(({ port }) => `${name}.${namespace}.svc:${port}`),
    ),
  ];
}

function difference(before: readonly string[], after: readonly string[]): Forecast["addresses"] {
  const without = (some: readonly string[], others: readonly string[]) =>
    [...new Set(some)].filter((one) => !others.includes(one));
  return { gone: without(before, after), added: without(after, before) };
}

function nodePools(before: Inventory, after: Inventory): NodePoolForecast[] {
  const labels = [before, after].flatMap(({ workloads }) => workloads.map(({ pod }) => nodeLabel(pod)));
  return [...new Set(labels)]
    .sort()
    .map((label) => ({ label, before: requests(before, label), after: requests(after, label) }))
    .filter((pool) => !isDeepStrictEqual(pool.before, pool.after));
}

function nodeLabel({ nodeSelector }: PodTemplate["spec"]): string {
  return Object.entries(nodeSelector)
    .map(([name, value]) => `${name}=${value}`)
    .join(", ");
}

function requests(inventory: Inventory, label: string): Requests {
  const { deployments, statefulSets, workloads } = inventory;
  const kinds = [...deployments, ...statefulSets].map(({ kind }) => kind);
  const onPool = workloads.filter(({ object, pod }) => kinds.includes(object.kind) && nodeLabel(pod) === label);
  const sum = (name: string) =>
    onPool
      .map((workload) => each(podsOf(workload.object, inventory), (pods) => pods * inQuota(workload, name)))
      .reduce((total, amount) => both(total, amount, (one, other) => one + other), noPods);
  return { cpu: sum("requests.cpu"), memory: sum("requests.memory") };
}

function quota(inventory: Inventory): QuotaForecast[] {
  const bounds = inventory.quotas.flatMap(({ spec }) => Object.entries(spec.hard));
  return bounds
    .map(([name, hard]) => ({ name, hard: parseQuantity(hard) ?? 0, used: mostInQuota(inventory, name) }))
    .filter(({ used }) => used > 0);
}

function nameOf({ before, after }: PlannedObject): string {
  return nameIn(after ?? before ?? {});
}

function nameIn({ metadata }: Inputs): string {
  return String(Object(metadata).name);
}

function each({ fewest, most }: Range, change: (count: number) => number): Range {
  return { fewest: change(fewest), most: change(most) };
}

function both(one: Range, other: Range, combine: (one: number, other: number) => number): Range {
  return { fewest: combine(one.fewest, other.fewest), most: combine(one.most, other.most) };
}
