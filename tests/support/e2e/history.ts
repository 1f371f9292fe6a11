import {
  BatchV1Api,
  type KubernetesObject,
  makeInformer,
  type V1CronJob,
  type V1Deployment,
  type V1Job,
} from "@kubernetes/client-node";
import { isReady, type Kubernetes } from "./kubernetes";
import { whileWatching } from "./watching";

type Kind = "CronJob" | "Deployment" | "Job" | "Pod";

type Reached = "complete" | "created" | "deleted" | "failed" | "ready" | "respecified";

/** One thing that became true of an object. */
export interface Milestone {
  readonly kind: Kind;
  readonly name: string;
  /** The workload it belongs to, such as api. */
  readonly component: string;
  readonly reached: Reached;
  /** The API server's revision at which it did; all objects of a cluster share one count. */
  readonly revision: number;
}

/** Writes down what becomes of a namespace's workloads from before `action` until it has ended, in no order. */
export async function recordHistory(
  { config, core, apps }: Kubernetes,
  namespace: string,
  action: () => Promise<unknown>,
): Promise<readonly Milestone[]> {
  const batch = config.makeApiClient(BatchV1Api);
  const inNamespace = (api: string, plural: string) => `/apis/${api}/v1/namespaces/${namespace}/${plural}`;
  const pods = makeInformer(config, `/api/v1/namespaces/${namespace}/pods`, () =>
    core.listNamespacedPod({ namespace }),
  );
  const jobs = makeInformer(config, inNamespace("batch", "jobs"), () => batch.listNamespacedJob({ namespace }));
  const cronJobs = makeInformer<V1CronJob>(config, inNamespace("batch", "cronjobs"), () =>
    batch.listNamespacedCronJob({ namespace }),
  );
  const deployments = makeInformer<V1Deployment>(config, inNamespace("apps", "deployments"), () =>
    apps.listNamespacedDeployment({ namespace }),
  );
  const history: Milestone[] = [];
  const record = (kind: Kind, reached: Reached, object: KubernetesObject) =>
    history.push(milestone(kind, reached, object));

  await whileWatching([pods, jobs, cronJobs, deployments], () => {
    const generations = new Map(deployments.list().map(({ metadata }) => [metadata?.name, metadata?.generation]));
    pods.on("add", (pod) => record("Pod", "created", pod));
    pods.on("update", (pod) => {
      if (isReady(pod)) record("Pod", "ready", pod);
    });
    jobs.on("add", (job) => record("Job", "created", job));
    jobs.on("update", (job) => {
      if (hasEnded(job, "Complete")) record("Job", "complete", job);
      if (hasEnded(job, "Failed")) record("Job", "failed", job);
    });
    jobs.on("delete", (job) => record("Job", "deleted", job));
    cronJobs.on("add", (cronJob) => record("CronJob", "created", cronJob));
    deployments.on("add", (deployment) => {
      generations.set(deployment.metadata?.name, deployment.metadata?.generation);
      record("Deployment", "created", deployment);
    });
    deployments.on("update", (deployment) => {
      const { name, generation } = deployment.metadata ?? {};
      if (generation !== generations.get(name)) record("Deployment", "respecified", deployment);
      generations.set(name, generation);
    });
    return action();
  });
  return history;
}

/** The milestones of a history that have all of these. */
export function milestones(history: readonly Milestone[], wanted: Partial<Milestone>): readonly Milestone[] {
  const properties = Object.entries(wanted);
  return history.filter((found) => properties.every(([key, value]) => Reflect.get(found, key) === value));
}

/**
 * The revision at which the first of these milestones was reached.
 *
 * @throws when none was.
 */
export function firstRevision(history: readonly Milestone[], wanted: Partial<Milestone>): number {
  const found = milestones(history, wanted);
  if (found.length === 0) {
    throw new Error(`nothing was ${JSON.stringify(wanted)}; what was: ${JSON.stringify(history)}`);
  }
  return Math.min(...found.map(({ revision }) => revision));
}

function milestone(kind: Kind, reached: Reached, { metadata }: KubernetesObject): Milestone {
  const { name = "", labels = {}, resourceVersion } = metadata ?? {};
  const component = labels["app.kubernetes.io/component"] ?? "";
  return { kind, name, component, reached, revision: Number(resourceVersion) };
}

function hasEnded({ status }: V1Job, how: "Complete" | "Failed"): boolean {
  return status?.conditions?.some(({ type, status }) => type === how && status === "True") ?? false;
}
