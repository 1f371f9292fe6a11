import {
  CoreV1Api,
  DiscoveryV1Api,
  type Informer,
  type KubeConfig,
  type KubernetesObject,
  KubernetesObjectApi,
  makeInformer,
  NetworkingV1Api,
  type ObjectCache,
  PatchStrategy,
  setHeaderOptions,
  type V1EndpointSlice,
  type V1Ingress,
  type V1Pod,
  type V1Service,
} from "@kubernetes/client-node";
import type { Routing } from "./proxy";
import { readinessGatePolicy } from "./readinessGates";
import { loadBalancersOf, type TargetGroupArgs, targetGroupsOf } from "./rules";
import { type Target, TargetGroup } from "./targets";

type Cache<T extends KubernetesObject> = ObjectCache<T> & Informer<T>;

/** What the cluster has of all that its add-ons look at. */
export interface ClusterCaches {
  readonly ingresses: Cache<V1Ingress>;
  readonly services: Cache<V1Service>;
  readonly slices: Cache<V1EndpointSlice>;
  readonly pods: Cache<V1Pod>;
}

/** What the condition types of pods begin with that wait for their target to be healthy. */
export const gatePrefix = "target-health.elbv2.k8s.aws/";

/** How long an informer waits before it tries again; milliseconds. */
const retryMs = 500;

/** Follows the cluster; an informer that breaks off is started again. */
export async function watchCluster(config: KubeConfig): Promise<ClusterCaches> {
  const core = config.makeApiClient(CoreV1Api);
  const discovery = config.makeApiClient(DiscoveryV1Api);
  const networking = config.makeApiClient(NetworkingV1Api);
  const caches = {
    ingresses: makeInformer(config, "/apis/networking.k8s.io/v1/ingresses", () =>
      networking.listIngressForAllNamespaces(),
    ),
    services: makeInformer(config, "/api/v1/services", () => core.listServiceForAllNamespaces()),
    slices: makeInformer(config, "/apis/discovery.k8s.io/v1/endpointslices", () =>
      discovery.listEndpointSliceForAllNamespaces(),
    ),
    pods: makeInformer(config, "/api/v1/pods", () => core.listPodForAllNamespaces()),
  };
  for (const cache of Object.values(caches)) {
    const again = () => setTimeout(() => cache.start().catch(again), retryMs);
    cache.on("error", again);
    await cache.start().catch(again);
  }
  return caches;
}

export interface ControllerOptions {
  /** How far the load balancers are behind the cluster, as the real controller and AWS are; milliseconds. */
  readonly lagMs: number;
  readonly log: (line: string) => void;
}

/**
 * Keeps the targets of all load balancers as the AWS load balancer controller would: pods that are ready, and those whose
 * containers are and that are not told to stop; each change comes late by `lagMs`. Pods get their readiness gates, and the
 * conditions of these.
 *
 * @returns what the load balancers do at the time of each call
 */
export function controlLoadBalancers(
  config: KubeConfig,
  caches: ClusterCaches,
  { lagMs, log }: ControllerOptions,
): () => Routing {
  const core = config.makeApiClient(CoreV1Api);
  const objects = KubernetesObjectApi.makeApiClient(config);
  const targetGroups = new Map<string, TargetGroup>();
  let loadBalancers = loadBalancersOf(caches.ingresses.list());
  let lastWanted = "";
  let lastGates = "";

  const setCondition = ({ name, namespace }: TargetGroupArgs, pod: string, healthy: boolean) => {
    const condition = { type: `${gatePrefix}${name}`, status: healthy ? "True" : "False" };
    const patch = { status: { conditions: [{ ...condition, lastTransitionTime: new Date().toISOString() }] } };
    const strategy = setHeaderOptions("Content-Type", PatchStrategy.StrategicMergePatch);
    core
      .patchNamespacedPodStatus({ name: pod, namespace, body: patch }, strategy)
      .catch((error: unknown) => log(`the condition of ${pod} is not set: ${error}`));
  };
  const newGroup = (args: TargetGroupArgs) =>
    new TargetGroup(args, ({ pod }, healthy) => {
      log(`${args.name}: ${pod} is ${healthy ? "healthy" : "unhealthy"}`);
      const found = caches.pods.get(pod, args.namespace);
      const gates = found?.spec?.readinessGates?.map(({ conditionType }) => conditionType) ?? [];
      if (gates.includes(`${gatePrefix}${args.name}`)) setCondition(args, pod, healthy);
    });
  const apply = (wanted: readonly Wanted[], ingresses: readonly V1Ingress[]) => {
    for (const { group, targets } of wanted) {
      const existing = targetGroups.get(group.name);
      if (JSON.stringify(existing?.args) !== JSON.stringify(group)) {
        existing?.close();
        targetGroups.set(group.name, newGroup(group));
      }
      targetGroups.get(group.name)?.apply(targets);
    }
    for (const [name, group] of targetGroups) {
      if (wanted.some((each) => each.group.name === name)) continue;
      group.close();
      targetGroups.delete(name);
    }
    loadBalancers = loadBalancersOf(ingresses);
  };
  const look = () => {
    const ingresses = [...caches.ingresses.list()];
    const wanted = targetGroupsOf(ingresses).map((group) => ({ group, targets: targetsOf(caches, group) }));
    const text = JSON.stringify([wanted, loadBalancersOf(ingresses)]);
    if (text !== lastWanted) {
      lastWanted = text;
      setTimeout(() => apply(wanted, ingresses), lagMs);
    }
    const policy = readinessGatePolicy(
      wanted.flatMap(({ group }) => {
        const selector = caches.services.get(group.service, group.namespace)?.spec?.selector;
        return selector ? [{ conditionType: `${gatePrefix}${group.name}`, namespace: group.namespace, selector }] : [];
      }),
    );
    if (JSON.stringify(policy) !== lastGates) {
      lastGates = JSON.stringify(policy);
      for (const object of policy) {
        objects
          .patch(object, undefined, undefined, "load-balancer", true, PatchStrategy.ServerSideApply)
          .catch((error: unknown) => log(`${object.kind} ${object.metadata.name}: ${error}`));
      }
    }
  };
  for (const cache of Object.values(caches)) cache.on("change", look);
  look();
  return () => ({ loadBalancers, targetGroups });
}

interface Wanted {
  readonly group: TargetGroupArgs;
  readonly targets: readonly Target[];
}

function targetsOf({ slices, pods }: ClusterCaches, { namespace, service, port }: TargetGroupArgs): Target[] {
  const own = slices
    .list()
    .filter(({ metadata }) => metadata?.namespace === namespace)
    .filter(({ metadata }) => metadata?.labels?.["kubernetes.io/service-name"] === service);
  return own
    .flatMap(({ endpoints, ports }) => {
      const number = ports?.find(({ name }) => name === port)?.port;
      return (endpoints ?? []).flatMap(({ addresses: [address], conditions, targetRef }) => {
        const pod = pods.get(targetRef?.name ?? "", namespace);
        const containersReady = pod?.status?.conditions?.some(
          ({ type, status }) => type === "ContainersReady" && status === "True",
        );
        const isTarget = conditions?.ready === true || (containersReady === true && conditions?.terminating !== true);
        return isTarget && address !== undefined && number !== undefined
          ? [{ address, port: number, pod: targetRef?.name ?? address }]
          : [];
      });
    })
    .sort((a, b) => (a.pod < b.pod ? -1 : 1));
}
