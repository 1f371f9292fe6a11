import type { Deployment } from "@pulumi/kubernetes/apps/v1";
import type { Service } from "@pulumi/kubernetes/core/v1";
import type { Ingress } from "@pulumi/kubernetes/networking/v1";
import * as pulumi from "@pulumi/pulumi";
import { metadata, objectName, type Scope, selectorLabels } from "../../catalog/names";
import { type ServiceName, type ServiceRow, serviceNames, services } from "../../catalog/services";
import { type BuiltObject, built, childOptions, register, type WorkloadComponentArgs } from "../objects";
import { serviceMonitor } from "../observability/monitors";
import { type EntranceArgs, ingress } from "../traffic/ingress";
import { podDisruptionBudget } from "./podDisruptionBudget";
import { rolloutBudget } from "./rollout";
import { server, serverVariables } from "./server";
import { type PodSizes, type WorkloadArgs, type WorkloadContext, workloadTemplate } from "./workload";

/** How big one service is on one stack, and who reaches it. */
export interface ServiceSizes extends PodSizes {
  /** Pods; 0 stops the service. */
  readonly replicas: number;
  /** Server processes in each pod. Default: 1. */
  readonly uvicornWorkers: number;
  /** The address its server listens on. Default: 0.0.0.0. */
  readonly listenAddress: string;
  /** Whether the public entrance has rules for it. Default: true. */
  readonly public: boolean;
}

/** The ways into a stack. */
export interface Entrances {
  readonly public: EntranceArgs;
  /** For callers within the team's own network. Default: none. */
  readonly internal?: EntranceArgs;
}

export interface WebServiceArgs {
  readonly context: WorkloadContext;
  readonly component: ServiceName;
  readonly row: ServiceRow;
  readonly sizes: ServiceSizes;
  readonly entrances: Entrances;
}

/** How long a pod must stay ready before the rollout goes on; seconds. */
const minReadySeconds = 10;

/** Time for the load balancer to learn that a pod leaves, before the pod is told to stop; seconds. */
const drainSeconds = 15;

const terminationGracePeriodSeconds = 45;

/** The objects of one web service. */
export interface WebServiceObjects {
  readonly deployment: BuiltObject<"Deployment">;
  readonly service: BuiltObject<"Service">;
  readonly disruptionBudget: BuiltObject<"PodDisruptionBudget">;
  /** Its rules at each entrance that has any for it. */
  readonly ingresses: readonly BuiltObject<"Ingress">[];
  /** Absent where Prometheus' custom resources are not on the cluster. */
  readonly monitor?: BuiltObject<"ServiceMonitor">;
}

/** Builds a web service: its pods, their address, its rules at the load balancers, its metrics, and how many pods may be missing. */
export function buildWebService(args: WebServiceArgs): WebServiceObjects {
  const { context, component, row } = args;
  const { scope } = context;
  return {
    deployment: deployment(args),
    service: service(scope, component),
    disruptionBudget: podDisruptionBudget(scope, component, 1),
    ingresses: serviceIngresses(args).map(ingress),
    ...(context.monitoring && { monitor: serviceMonitor({ scope, component, metricsPath: row.metricsPath }) }),
  };
}

/** A web service. */
export class WebService extends pulumi.ComponentResource {
  readonly deployment: Deployment;
  readonly service: Service;
  readonly ingresses: readonly Ingress[];

  constructor(
    name: string,
    { objects, startAfter = [] }: WorkloadComponentArgs<WebServiceObjects>,
    opts: pulumi.ComponentResourceOptions = {},
  ) {
    super("datasets-server:components:WebService", name, {}, opts);
    const child = childOptions(this, opts);
    this.deployment = register(objects.deployment, pulumi.mergeOptions(child, { dependsOn: [...startAfter] }));
    this.service = register(objects.service, child);
    register(objects.disruptionBudget, child);
    this.ingresses = objects.ingresses.map((ingress) => register(ingress, child));
    if (objects.monitor) {
      register(objects.monitor, child);
    }
    this.registerOutputs({
      deployment: this.deployment.metadata.name,
      service: this.service.metadata.name,
      ingresses: this.ingresses.map(({ metadata }) => metadata.name),
    });
  }
}

function deployment(args: WebServiceArgs): BuiltObject<"Deployment"> {
  const { context, component, row, sizes } = args;
  const { scope } = context;
  const budget = rolloutBudget({ ...row, ...sizes, minReadySeconds, terminationGracePeriodSeconds });
  return built(
    "Deployment",
    {
      metadata: metadata(scope, component),
      spec: {
        replicas: sizes.replicas,
        revisionHistoryLimit: 10,
        minReadySeconds,
        progressDeadlineSeconds: budget.progressDeadlineSeconds,
        strategy: { type: "RollingUpdate", rollingUpdate: { ...row.surge } },
        selector: { matchLabels: selectorLabels(scope, component) },
        template: workloadTemplate(context, servicePods(args)),
      },
    },
    { customTimeouts: { create: budget.timeout, update: budget.timeout } },
  );
}

/** The service's workload: what it reads and how its server runs. */
export function servicePods({
  component,
  row,
  sizes,
}: Pick<WebServiceArgs, "component" | "row" | "sizes">): WorkloadArgs {
  return {
    ...server({ ...row, what: "serving", drainSeconds }),
    component,
    image: component,
    settings: row.settings,
    variables: serverVariables({ ...sizes, variablePrefix: row.variablePrefix }),
    sizes,
    ...(row.parquetMetadata && { parquetMetadata: row.parquetMetadata }),
    pod: { terminationGracePeriodSeconds },
  };
}

/** The load balancer reaches pods by their own addresses, so no port is opened on any node. */
function service(scope: Scope, component: string): BuiltObject<"Service"> {
  return built("Service", {
    metadata: metadata(scope, component),
    spec: {
      type: "ClusterIP",
      selector: selectorLabels(scope, component),
      ports: [{ name: "http", port: 80, targetPort: "http", protocol: "TCP" }],
    },
  });
}

/** Its rules at each entrance that has any for it. */
export function serviceIngresses({ context, component, row, sizes, entrances }: WebServiceArgs) {
  const name = objectName(context.scope, component);
  const common = (entrance: EntranceArgs) => ({
    ...row,
    scope: context.scope,
    component,
    entrance,
    order: ruleOrder(row, entrance),
  });
  const open = { ...common(entrances.public), name, routes: [...row.publicRoutes, ...row.routes] };
  const inside = entrances.internal && { ...common(entrances.internal), name: `${name}-internal` };
  return [...(sizes.public ? [open] : []), ...(inside ? [inside] : [])];
}

/** The place of a service's rules in the group of an entrance. */
function ruleOrder({ routeOrder }: ServiceRow, { firstOrder }: EntranceArgs): number {
  const earlier = serviceNames.filter((other) => services[other].routeOrder < routeOrder);
  return firstOrder === undefined ? routeOrder : firstOrder + earlier.length;
}
